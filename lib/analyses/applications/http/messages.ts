import { text } from "../../../captures/index.js";
import { type Application, rowColumns } from "../pass.js";

/** Longest path that is kept of a request. */
export const pathCharacters = 256;
/** Longest name of a host (RFC 1035, 2.3.4). */
export const hostCharacters = 255;

/** First lines of HTTP/1 messages. Of the headers only Host is asked for; secrets stand in others, and in what follows a path. */
export const httpMessages: Application = {
  name: "httpMessages",
  layers: ["http"],
  filter: "tcp && (http.request.method || http.response.code)",
  columns: [
    ...rowColumns,
    text(["methods", null, "of requests, joined by commas"], "http.request.method"),
    text(["hosts", null, "their Host headers, joined by commas"], "http.host"),
    text(["paths", null, "their paths, joined by commas"], "http.request.uri"),
    text(["codes", null, "status codes of responses, joined by commas"], "http.response.code"),
  ],
  essential: new Set(["frame.number", "tcp.segment", "http.request.method", "http.response.code"]),
  withhold: { field: "http.request.uri", keep: pathsOnly },
};

/**
 * The paths of request targets: without query, parameters and fragment, and without scheme, user and host. A comma may be part of a
 * target or lie between two: what follows the first mark of a query is taken away to the end.
 */
export function pathsOnly(targets: string): string {
  const [plain = ""] = targets.split(/[?;#]/, 1);
  return plain.replace(/(^|,)[a-z][a-z0-9+.-]*:\/\/[^/,]*/gi, "$1").slice(0, 8 * pathCharacters);
}
