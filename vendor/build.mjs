// Bundles into dist/vendor what skbook uses of packages that bring much more than that, with their licences. What they would
// load besides has stand-ins, so that nobody has to install it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../dist/vendor");

/** What stands in for a module, by how it is asked for in each bundle. */
const bundles = {
  danfojs: {
    mathjs: "statistics",
    // Calls of these are refused by name before they get there: lib/tables/danfo/absent.ts.
    "@tensorflow/tfjs-node": "absent",
    "../../danfojs-base/plotting": "absent",
    table: "absent",
  },
  tslab: {
    // Reads comments for tslab's own commands with a second compiler.
    "./metadata": "no-metadata",
    "..": "absent",
  },
};

const licences = new Map();
for (const [name, standIns] of Object.entries(bundles)) {
  const bundle = await rolldown({
    input: join(here, `${name}.cjs`),
    platform: "node",
    plugins: [
      {
        name: "stand-ins",
        resolveId: (source) =>
          Object.hasOwn(standIns, source) ? join(here, `stand-ins/${standIns[source]}.cjs`) : null,
      },
    ],
    onLog(level, log) {
      throw new Error(`${name}: ${level}: ${log.message}`);
    },
  });
  const { output } = await bundle.write({ file: join(out, `${name}.cjs`), format: "cjs" });
  await bundle.close();
  for (const module of output.flatMap(({ moduleIds = [] }) => moduleIds)) {
    const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(module)?.[0];
    if (folder !== undefined) licences.set(folder, licenceOf(folder));
  }
}
writeFileSync(join(out, "LICENSES.txt"), [...licences.values()].sort().join(`\n${"-".repeat(80)}\n\n`));

/** Name, version and licence of a bundled package. */
function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  // danfojs-node comes without the text.
  const path = file === undefined ? join(here, `${name.replace(/-node$/, "")}.LICENSE`) : join(folder, file);
  return `${name} ${version} (${license})\n\n${readFileSync(path, "utf8")}`;
}
