// The licences of the packages that have gone into bundles: the text that has to go with them.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Name, version and licence of each package that has a module among the chunks that a bundler has written. */
export function licencesOf(chunks) {
  const packages = chunks
    .flatMap(({ moduleIds = [] }) => moduleIds)
    .map((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0]);
  const texts = [...new Set(packages)].filter((folder) => folder !== undefined).map(licenceOf);
  return [...new Set(texts)].sort().join(`\n${"-".repeat(80)}\n\n`);
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder)
    .filter((entry) => /^(licen[cs]e|thirdpartynotice)/i.test(entry))
    .map((entry) => join(folder, entry));
  // danfojs-node comes without the text.
  const texts = files.length > 0 ? files : [join(root, `vendor/${name.replace(/-node$/, "")}.LICENSE`)];
  return `${name} ${version} (${license})\n\n${texts.map((path) => readFileSync(path, "utf8")).join("\n")}`;
}
