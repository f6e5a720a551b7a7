import { join } from "node:path";
import { program } from "../package.js";
import { type Files, removeFiles, writeFiles } from "./files.js";
import { logo } from "./logo.js";

/** How notebooks and Jupyter name the kernel. */
export const kernelIdentity = { display_name: "skbook (TypeScript)", language: "typescript", name: "skbook" };

// A version manager removes the Node that has installed the kernel when it brings a newer one.
const startNode = 'if [ -x "$0" ]; then exec "$0" "$@"; else exec node "$@"; fi';

/** The file in a folder for kernels that tells Jupyter of this one. */
export function specFile(kernels: string): string {
  return join(kernels, kernelIdentity.name, "kernel.json");
}

/** Writes the kernelspec into a folder for kernels; resolves to the paths of the files. */
export function writeKernelspec(kernels: string): Promise<string[]> {
  return writeFiles(join(kernels, kernelIdentity.name), filesOfSpec());
}

/** Removes what {@link writeKernelspec} has written, nothing else; resolves to the paths of what was there. */
export function removeKernelspec(kernels: string): Promise<{ removed: string[]; left: string[] }> {
  return removeFiles(join(kernels, kernelIdentity.name), Object.keys(filesOfSpec()));
}

function filesOfSpec(): Files {
  const { name: _, ...identity } = kernelIdentity;
  const spec = {
    argv: [
      ...["/bin/sh", "-c", startNode, process.execPath],
      ...[program, "kernel", "--connection-file", "{connection_file}"],
    ],
    ...identity,
    // By signal, Jupyter would also hit the processes that cells have started.
    interrupt_mode: "message",
    metadata: { debugger: false },
  };
  return { "kernel.json": `${JSON.stringify(spec, null, 2)}\n`, "logo-svg.svg": logo };
}
