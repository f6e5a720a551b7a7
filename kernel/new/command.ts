import { constants, copyFile } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { readArguments } from "../arguments.js";
import { calledAs } from "../package.js";
import { UsageError } from "../usage-error.js";
import { type Template, templates } from "./templates.js";

const help = `skbook new [TEMPLATE] [FILE]

Writes a notebook to start from into this folder, as TEMPLATE.ipynb or FILE.ipynb; what is there already is never overwritten.
Without TEMPLATE it lists what there is.
`;

/** `skbook new`: resolves to the exit code. */
export async function newNotebook(args: string[]): Promise<number> {
  const { values, positionals } = readArguments("new", {
    args,
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" } },
  });
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const [name, given = name ?? "", ...more] = positionals;
  if (more.length > 0) throw new UsageError("give a template and a file at most; see skbook new --help");
  const all = await templates();
  if (name === undefined) {
    process.stdout.write(listed(all));
    return 0;
  }
  const template = all.find((one) => one.name === name);
  if (template === undefined) {
    const known = all.map((one) => one.name).join(", ");
    throw new UsageError(`there is no template '${name}'; there are: ${known}`);
  }
  const file = extname(given) === ".ipynb" ? given : `${given}.ipynb`;
  const target = resolve(file);
  await copyFile(template.path, target, constants.COPYFILE_EXCL).catch((error: NodeJS.ErrnoException) => {
    const failed = error.code === "EEXIST" ? "it is there already; give another name" : error.message;
    throw new UsageError(`cannot write ${target}: ${failed}`);
  });
  process.stdout.write(`wrote ${target}

It replays a recorded case until you tell it otherwise, so it can be run at once:

  ${calledAs} jupyterlab ${shellWord(file)}
  ${calledAs} run ${shellWord(file)} --html ${shellWord(`${basename(file, ".ipynb")}.html`)}
`);
  return 0;
}

function listed(all: readonly Template[]): string {
  const width = Math.max(...all.map(({ name }) => name.length));
  const lines = all.map(({ name, title }) => `  ${name.padEnd(width)}  ${title}`);
  return `skbook new TEMPLATE writes a notebook into this folder:\n\n${lines.join("\n")}\n`;
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
