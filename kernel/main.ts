#!/usr/bin/env node
import { sudoPassword } from "../lib/cell/index.js";
import { SkbookError } from "../lib/errors/index.js";
import { printable } from "../lib/html/index.js";
import { packageVersion } from "./package.js";
import { UsageError } from "./usage-error.js";

const help = `skbook: a TypeScript notebook that says where packets are lost or late

  skbook new [TEMPLATE]     write a notebook to start from into this folder, or list what there is; see skbook new --help
  skbook run NOTEBOOK       run a notebook without Jupyter; see skbook run --help
  skbook jupyterlab [ARGS]  start JupyterLab with the kernel ready; sets one up where there is none
  skbook install            let Jupyter find the kernel: --user (the default), --prefix DIR or --sys-prefix
  skbook uninstall          let it be found no more, in the same places
  skbook doctor             say what this machine can and can't do, and what to do about it
  skbook --version
`;

/** The commands; each one loads only what it needs. Resolves to an exit code, undefined to go on running. */
const commands: Record<string, (args: string[]) => Promise<number | undefined>> = {
  new: async (args) => (await import("./new/index.js")).newNotebook(args),
  run: async (args) => (await import("./run/index.js")).run(args),
  jupyterlab: async (args) => (await import("./jupyterlab/index.js")).jupyterlab(args),
  install: async (args) => (await import("./install/index.js")).install(args),
  uninstall: async (args) => (await import("./install/index.js")).uninstall(args),
  doctor: alone("doctor", async () => (await import("./doctor.js")).doctor()),
  snapshot: alone("snapshot", async () => (await import("./compiler/index.js")).snapshot()),
  kernel: async (args) => (await import("./session/index.js")).kernel(args),
};

/** A command without arguments. */
function alone(name: string, act: () => Promise<number | undefined>) {
  return async (args: string[]) => {
    const [first] = args;
    if (first === undefined) return act();
    if (!isHelp(first)) throw new UsageError(`skbook ${name} takes no arguments; see skbook --help`);
    process.stdout.write(help);
    return 0;
  };
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

async function main([name = "", ...args]: string[]): Promise<number | undefined> {
  if (name === "" || isHelp(name) || name === "help") {
    process.stdout.write(help);
    return name === "" ? 2 : 0;
  }
  if (name === "--version" || name === "-V") {
    process.stdout.write(`${packageVersion}\n`);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new UsageError(`there is no command '${name}'; see skbook --help`);
  return command(args);
}

// No child has it that doesn't need it.
sudoPassword();

main(process.argv.slice(2)).then(
  (code) => {
    if (code !== undefined) process.exitCode = code;
  },
  (error: unknown) => {
    const misused = error instanceof UsageError;
    const expected = misused || error instanceof SkbookError;
    const text = expected ? error.message : String((error as Error).stack ?? error);
    process.stderr.write(`skbook: ${printable(text)}\n`);
    process.exitCode = misused ? 2 : 1;
  },
);
