import { parseArgs } from "node:util";
import { SkbookError } from "../../lib/errors/index.js";
import { makeSnapshot } from "../compiler/index.js";
import { UsageError } from "../usage-error.js";
import { kernelIdentity, removeKernelspec, writeKernelspec } from "./kernelspec.js";
import { removeLabextension, writeLabextension } from "./labextension.js";
import { kernelsBelow, pythonPrefix, userKernels } from "./places.js";

const help = `skbook install [--user | --prefix DIR | --sys-prefix]
skbook uninstall [--user | --prefix DIR | --sys-prefix]

Lets Jupyter find the kernel, and the JupyterLab extension by which tables ask it for rows; or no more.

  --user         for this user (the default)
  --prefix DIR   for a Jupyter that is installed below DIR
  --sys-prefix   for the Jupyter of the python3 on the PATH: a virtual environment, conda, the system's
`;

/** `skbook install`: writes the kernelspec; resolves to the exit code. */
export async function install(args: string[]): Promise<number> {
  const kernels = await kernelsFolder(args);
  if (kernels === undefined) return 0;
  const files = await written(kernels).catch((error) => refused("write the kernelspec", kernels, error));
  for (const file of files) process.stdout.write(`wrote ${file}\n`);
  process.stdout.write(`Jupyter offers it as "${kernelIdentity.display_name}"\n`);
  // Kernels start without it as well, and then make it themselves.
  const snapshot = await makeSnapshot().catch((error: Error) => {
    process.stderr.write(`skbook: kernels will start slowly: ${error.message}\n`);
  });
  if (snapshot !== undefined) process.stdout.write(`wrote ${snapshot}, from which kernels start\n`);
  return 0;
}

/** `skbook uninstall`: removes what install has written; resolves to the exit code. */
export async function uninstall(args: string[]): Promise<number> {
  const kernels = await kernelsFolder(args);
  if (kernels === undefined) return 0;
  const { removed, left } = await gone(kernels).catch((error) =>
    refused("remove the kernelspec", kernels, error),
  );
  for (const file of removed) process.stdout.write(`removed ${file}\n`);
  for (const file of left) process.stdout.write(`left ${file}, which install did not write\n`);
  if (removed.length === 0) process.stdout.write(`nothing to remove: no kernel of skbook in ${kernels}\n`);
  return 0;
}

async function written(kernels: string): Promise<string[]> {
  return [...(await writeKernelspec(kernels)), ...(await writeLabextension(kernels))];
}

async function gone(kernels: string): Promise<{ removed: string[]; left: string[] }> {
  const [spec, extension] = [await removeKernelspec(kernels), await removeLabextension(kernels)];
  return { removed: [...spec.removed, ...extension.removed], left: [...spec.left, ...extension.left] };
}

/** The folder for kernels that the arguments name; undefined where they only ask for help. */
async function kernelsFolder(args: string[]): Promise<string | undefined> {
  const { user, prefix, "sys-prefix": sysPrefix, help: wanted } = parse(args);
  if (wanted === true) {
    process.stdout.write(help);
    return undefined;
  }
  if ([user, prefix, sysPrefix].filter((given) => given !== undefined).length > 1) {
    throw new UsageError("give one of --user, --prefix and --sys-prefix");
  }
  if (prefix === "") throw new UsageError("--prefix needs a folder");
  if (prefix !== undefined) return kernelsBelow(prefix);
  return sysPrefix === true ? kernelsBelow(await pythonPrefix()) : userKernels();
}

function parse(args: string[]) {
  try {
    const flag = { type: "boolean" } as const;
    const options = {
      user: flag,
      prefix: { type: "string" },
      "sys-prefix": flag,
      help: { ...flag, short: "h" },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function refused(tried: string, kernels: string, error: Error): never {
  throw new SkbookError({
    code: "INSTALL_REFUSED",
    tried: `${tried} in ${kernels}`,
    failed: error.message,
    todo: "choose a place that you may write to (--user, --prefix DIR), or run this as its owner",
    cause: error,
  });
}
