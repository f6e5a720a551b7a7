import { packageVersion } from "../package.js";
import { protocolVersion } from "../wire/index.js";

/** What the notebook's metadata and kernel_info say about the language of the cells. */
export const languageInfo = {
  name: "typescript",
  version: "5.0",
  mimetype: "text/typescript",
  file_extension: ".ts",
  pygments_lexer: "typescript",
  // JupyterLab reads `mode`; the classic notebook needs CodeMirror's own pair of name and flag.
  codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
};

/** The content of a kernel_info_reply. */
export const kernelInfo = {
  protocol_version: protocolVersion,
  implementation: "skbook",
  implementation_version: packageVersion,
  language_info: languageInfo,
  banner: `skbook ${packageVersion}: TypeScript cells, Node ${process.version}`,
  help_links: [],
  supported_features: [],
  // What clients of older protocols read in place of the list of features.
  debugger: false,
};
