import { access, mkdir, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { program } from "../package.js";
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
export async function writeKernelspec(kernels: string): Promise<string[]> {
  const folder = join(kernels, kernelIdentity.name);
  await mkdir(folder, { recursive: true });
  const files = Object.entries(filesOfSpec());
  for (const [name, content] of files) {
    // A Jupyter that is running may read it at any moment.
    const temporary = join(folder, `.${name}.${process.pid}`);
    await writeFile(temporary, content);
    await rename(temporary, join(folder, name));
  }
  return files.map(([name]) => join(folder, name));
}

/** Removes what {@link writeKernelspec} has written, nothing else; resolves to the paths of what was there. */
export async function removeKernelspec(kernels: string): Promise<{ removed: string[]; left: string[] }> {
  const folder = join(kernels, kernelIdentity.name);
  const removed: string[] = [];
  for (const name of Object.keys(filesOfSpec())) {
    const path = join(folder, name);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    await rm(path);
    removed.push(path);
  }
  const left = (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
  if (removed.length > 0 && left.length === 0) await rmdir(folder);
  return { removed, left };
}

function filesOfSpec(): Record<string, string> {
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
