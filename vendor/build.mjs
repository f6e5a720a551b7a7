// Bundles into dist/vendor what skbook uses of packages that bring much more than that. What they would load besides has
// stand-ins, so that nobody has to install it.
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

/** Resolves to the chunks that were written. */
export async function bundleVendor() {
  const written = await Promise.all(
    Object.entries(bundles).map(([name, standIns]) => bundle(name, standIns)),
  );
  return written.flat();
}

async function bundle(name, standIns) {
  const made = await rolldown({
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
  return (await made.write({ file: join(out, `${name}.cjs`), format: "cjs" })).output;
}
