// Bundles what tsc has written to dist, and what of other packages is kept in it: one module per entry and the parts that entries share, the program of the compiler's
// process, and the declarations that cells and packages see of "skbook". The modules themselves stay there: captures are read by
// processes of their own, started from them.
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { bundleVendor } from "../vendor/build.mjs";
import { bundleBrowser } from "./browser.mjs";
import { licencesOf } from "./licences.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

/** What is started or imported from outside. */
const entries = ["kernel/main", "kernel/session/sockets", "lib/index", "lib/probe"];
const isPackage = /^(?!node:)[^./]/;
/** Packages of many small modules, of which little is used; they stay installed for those who import them. */
const inside = /^(zod|execa|ipaddr\.js|p-limit)$/;
/** What is loaded as a package: it has native parts, is used by few cells, or is somebody else's to import. */
const isExternal = (id, importer) =>
  isPackage.test(id) && !inside.test(id) && importer?.includes("/node_modules/") !== true;

/** A bundled module looks for the files beside it where it was before. */
const keepsPlace = {
  name: "keeps-place",
  transform(code, id) {
    if (!code.includes("import.meta.url")) return null;
    return code.replaceAll(
      "import.meta.url",
      `new URL(${JSON.stringify(relative(dist, id))}, __distUrl__).href`,
    );
  },
  renderChunk(code, { fileName }) {
    if (!code.includes("__distUrl__")) return null;
    const up = "../".repeat(fileName.split("/").length - 1);
    return code.replaceAll("__distUrl__", `new URL("${up || "./"}", import.meta.url)`);
  },
};

async function bundleEntries() {
  const bundle = await rolldown({
    cwd: dist,
    input: Object.fromEntries(entries.map((name) => [name, `./${name}.js`])),
    platform: "node",
    external: isExternal,
    plugins: [keepsPlace],
  });
  const { output } = await bundle.write({
    dir: dist,
    format: "esm",
    entryFileNames: "[name].js",
    // Errors show frames of lib and none of the kernel.
    chunkFileNames: ({ moduleIds }) =>
      `${moduleIds.every((id) => id.startsWith(join(dist, "kernel/"))) ? "kernel" : "lib"}/chunks/[name]-[hash].js`,
  });
  return output;
}

/** With TypeScript inside: a startup snapshot is made of one script. */
async function bundleCompiler() {
  const bundle = await rolldown({
    cwd: dist,
    input: { process: "./kernel/compiler/process.js" },
    platform: "node",
  });
  const { output } = await bundle.write({
    file: join(dist, "kernel/compiler/process.cjs"),
    format: "cjs",
    minify: { compress: false, mangle: true, codegen: true },
    // A script for a snapshot has no `module`.
    banner: "var module = { exports: {} }, exports = module.exports;",
  });
  return output;
}

async function rollUpDeclarations() {
  const bundle = await rolldown({
    cwd: dist,
    input: { index: "./lib/index.d.ts", probe: "./lib/probe.d.ts" },
    external: isPackage,
    plugins: [dts({ dtsOnly: true })],
  });
  await bundle.write({
    dir: join(dist, "types"),
    format: "esm",
    entryFileNames: "[name].d.ts",
    chunkFileNames: "shared.d.ts",
  });
}

// Chunks have names by their content: those of an earlier build would stay.
for (const folder of ["kernel/chunks", "lib/chunks", "types"])
  rmSync(join(dist, folder), { recursive: true, force: true });
const chunks = [];
for (const bundle of [bundleVendor, bundleEntries, bundleCompiler, bundleBrowser])
  chunks.push(...(await bundle()));
await rollUpDeclarations();
writeFileSync(join(dist, "LICENSES.txt"), licencesOf(chunks));
