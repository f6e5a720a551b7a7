import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function rootAbove(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : rootAbove(dirname(folder));
}

/** The folder of this package: where its package.json is, whether it runs from source or from `dist`. */
export const packageRoot = rootAbove(dirname(fileURLToPath(import.meta.url)));

const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
  name: string;
  version: string;
  dependencies: Record<string, string>;
};

export const packageName = manifest.name;
export const packageVersion = manifest.version;
export const packageDependencies = Object.keys(manifest.dependencies);

/** The built `skbook` command, which kernels are started from. */
export const program = join(packageRoot, "dist/kernel/main.js");

/** The program of the compiler's process, in one file, as a startup snapshot needs it. */
export const compilerProgram = join(packageRoot, "dist/kernel/compiler/process.cjs");

/** How this command was called: npx names itself to what it starts. */
export const calledAs = process.env.npm_lifecycle_event === "npx" ? "npx skbook" : "skbook";
