import { SkbookError } from "../../lib/errors/index.js";
import { readArguments } from "../arguments.js";
import { makeSnapshot } from "../compiler/index.js";
import { removeLabextension, writeLabextension } from "../labextension/index.js";
import { UsageError } from "../usage-error.js";
import { kernelIdentity, removeKernelspec, writeKernelspec } from "./kernelspec.js";
import { dataBelow, kernelsIn, labextensionsIn, pythonPrefix, userData } from "./places.js";

const help = `skbook install [--user | --prefix DIR | --sys-prefix]
skbook uninstall [--user | --prefix DIR | --sys-prefix]

Lets Jupyter find the kernel, and what shows its figures and tables in JupyterLab; or no more.

  --user         for this user (the default)
  --prefix DIR   for a Jupyter that is installed below DIR
  --sys-prefix   for the Jupyter of the python3 on the PATH: a virtual environment, conda, the system's
`;

/** `skbook install`: writes the kernelspec and JupyterLab's extension; resolves to the exit code. */
export async function install(args: string[]): Promise<number> {
  const data = await dataFolder(args);
  if (data === undefined) return 0;
  const write = async () => [
    ...(await writeKernelspec(kernelsIn(data))),
    await writeLabextension(labextensionsIn(data)),
  ];
  const written = await write().catch((error) => refused("write the kernelspec", data, error));
  for (const path of written) process.stdout.write(`wrote ${path}\n`);
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
  const data = await dataFolder(args);
  if (data === undefined) return 0;
  const remove = async () => {
    const { removed, left } = await removeKernelspec(kernelsIn(data));
    return { removed: [...removed, ...(await removeLabextension(labextensionsIn(data)))], left };
  };
  const { removed, left } = await remove().catch((error) => refused("remove the kernelspec", data, error));
  for (const path of removed) process.stdout.write(`removed ${path}\n`);
  for (const path of left) process.stdout.write(`left ${path}, which install did not write\n`);
  if (removed.length === 0) process.stdout.write(`nothing to remove: no kernel of skbook in ${data}\n`);
  return 0;
}

const flag = { type: "boolean" } as const;

/** The folder of Jupyter's data that the arguments name; undefined where they only ask for help. */
async function dataFolder(args: string[]): Promise<string | undefined> {
  const {
    user,
    prefix,
    "sys-prefix": sysPrefix,
    help: wanted,
  } = readArguments("install", {
    args,
    options: { user: flag, prefix: { type: "string" }, "sys-prefix": flag, help: { ...flag, short: "h" } },
  }).values;
  if (wanted === true) {
    process.stdout.write(help);
    return undefined;
  }
  if ([user, prefix, sysPrefix].filter((given) => given !== undefined).length > 1) {
    throw new UsageError("give one of --user, --prefix and --sys-prefix");
  }
  if (prefix === "") throw new UsageError("--prefix needs a folder");
  if (prefix !== undefined) return dataBelow(prefix);
  return sysPrefix === true ? dataBelow(await pythonPrefix()) : userData();
}

function refused(tried: string, data: string, error: Error): never {
  throw new SkbookError({
    code: "INSTALL_REFUSED",
    tried: `${tried} in ${data}`,
    failed: error.message,
    todo: "choose a place that you may write to (--user, --prefix DIR), or run this as its owner",
    cause: error,
  });
}
