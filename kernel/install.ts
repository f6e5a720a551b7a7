import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { program } from "./package.js";
import { UsageError } from "./usage-error.js";

export const kernelName = "skbook";

/** Where Jupyter looks for the kernels of this user. */
export function userKernels(): string {
  const data = process.env.JUPYTER_DATA_DIR;
  if (data !== undefined && data !== "") return join(data, "kernels");
  if (process.platform === "darwin") return join(homedir(), "Library/Jupyter/kernels");
  return join(process.env.XDG_DATA_HOME || join(homedir(), ".local/share"), "jupyter/kernels");
}

/** `skbook install [--user | --prefix DIR]`: writes the kernelspec; resolves to the exit code. */
export async function install(args: string[]): Promise<number> {
  const { user, prefix } = parse(args);
  if (user === true && prefix !== undefined) throw new UsageError("give --user or --prefix, not both");
  const kernels = prefix === undefined ? userKernels() : join(resolve(prefix), "share/jupyter/kernels");
  const folder = join(kernels, kernelName);
  const spec = {
    argv: [process.execPath, program, "kernel", "--connection-file", "{connection_file}"],
    display_name: "skbook (TypeScript)",
    language: "typescript",
    // By signal, Jupyter would also hit the processes that cells have started.
    interrupt_mode: "message",
    metadata: { debugger: false },
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "kernel.json"), `${JSON.stringify(spec, null, 2)}\n`);
  process.stdout.write(`wrote ${join(folder, "kernel.json")}\n`);
  return 0;
}

function parse(args: string[]): { user?: boolean; prefix?: string } {
  try {
    return parseArgs({ args, options: { user: { type: "boolean" }, prefix: { type: "string" } } }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
