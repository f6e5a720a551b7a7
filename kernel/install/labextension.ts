import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packageRoot } from "../package.js";
import { type Files, removeFiles, writeFiles } from "./files.js";

const names = ["package.json", "remoteEntry.js"];

/** Where a JupyterLab that finds kernels in a folder finds its extension of the same installation. */
function folderBeside(kernels: string): string {
  return join(dirname(kernels), "labextensions/skbook");
}

/** Writes the extension that lets tables ask the kernel for rows beside a folder for kernels; resolves to the paths of the files. */
export async function writeLabextension(kernels: string): Promise<string[]> {
  return writeFiles(folderBeside(kernels), await builtFiles());
}

export function removeLabextension(kernels: string): Promise<{ removed: string[]; left: string[] }> {
  return removeFiles(folderBeside(kernels), names);
}

async function builtFiles(): Promise<Files> {
  const contents = names.map(async (name) => {
    return [name, await readFile(join(packageRoot, "dist/labextension", name), "utf8")] as const;
  });
  return Object.fromEntries(await Promise.all(contents));
}
