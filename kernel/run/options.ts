import { readArguments } from "../arguments.js";
import { UsageError } from "../usage-error.js";

export const runHelp = `skbook run NOTEBOOK [options]

Runs the cells of a notebook from top to bottom, without Jupyter, and stops at the first one that fails.

  -o, --output OUT.ipynb   write the notebook with its outputs
      --html OUT.html      write one self-contained page that opens offline
  -p, --parameter NAME=VALUE
                           set a variable of the cell tagged 'parameters'; may be given again
      --record DIR         record every run on a host into the case DIR
      --replay DIR         answer every run from the case DIR: no host, root, tshark or network is used
      --timeout S          give each cell at most S seconds

Exit code: 0 all cells passed, 1 a cell failed, 2 bad usage or an unreadable file.
`;

export interface RunOptions {
  notebook: string;
  output: string | undefined;
  html: string | undefined;
  parameters: string[];
  record: string | undefined;
  replay: string | undefined;
  /** Seconds that each cell may take. */
  timeout: number | undefined;
  help: boolean;
}

/** Reads the arguments that follow `skbook run`. */
export function readRunOptions(args: string[]): RunOptions {
  const { values, positionals } = readArguments("run", {
    args,
    allowPositionals: true,
    options: {
      output: { type: "string", short: "o" },
      html: { type: "string" },
      parameter: { type: "string", short: "p", multiple: true },
      record: { type: "string" },
      replay: { type: "string" },
      timeout: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const help = values.help === true;
  const [notebook = "", ...more] = positionals;
  if (!help && (notebook === "" || more.length > 0))
    throw new UsageError("name one notebook; see skbook run --help");
  if (values.record !== undefined && values.replay !== undefined) {
    throw new UsageError("a run either records or replays: give --record or --replay");
  }
  const timeout = values.timeout === undefined ? undefined : Number(values.timeout);
  if (timeout !== undefined && !(timeout > 0 && timeout <= 86_400)) {
    throw new UsageError(`--timeout ${values.timeout}: give seconds, more than 0 and at most 86400`);
  }
  const { output, html, record, replay, parameter = [] } = values;
  if (output?.endsWith(".html")) {
    throw new UsageError(
      `-o ${output} writes a notebook: give it a name that ends in .ipynb, or --html ${output} for a page`,
    );
  }
  return { notebook, output, html, parameters: parameter, record, replay, timeout, help };
}
