import { type KernelVersion, kernelVersions } from "./kernels.js";
import { type Lab, startLab } from "./lab.js";

/** What a lab host is put through, and what has to be said of it. */
export interface TruthTable {
  /** What is put there: `fault`, `scene`. */
  of: string;
  names: readonly string[];
  columns: readonly string[];
  /** Puts what has one of these names there, and asks. */
  lines(lab: Lab, names: readonly string[]): AsyncIterable<TruthLine>;
}

export interface TruthLine {
  cells: readonly (string | number)[];
  /** What is said isn't so. */
  wrong: boolean;
}

/** Prints the lines of a table, tab-separated, of the kernels and names that are wanted, which are all of them by default; how many are wrong. */
export async function printTruth(table: TruthTable, wanted: readonly string[]): Promise<number> {
  const { of, names, columns } = table;
  const unknown = wanted.filter((one) => ![...names, ...kernelVersions].includes(one));
  if (unknown.length > 0) {
    const known = [...kernelVersions, ...names].join(", ");
    console.error(`there is no kernel or ${of} ${unknown.join(", ")}; there are ${known}`);
    process.exit(2);
  }
  const chosen = <Name extends string>(all: readonly Name[]) => {
    const some = all.filter((one) => wanted.includes(one));
    return some.length > 0 ? some : all;
  };
  console.log(columns.join("\t"));
  let wrong = 0;
  for (const version of chosen<KernelVersion>(kernelVersions)) {
    const lab = await startLab(version);
    try {
      for await (const line of table.lines(lab, chosen(names))) {
        console.log(line.cells.join("\t"));
        if (line.wrong) wrong += 1;
      }
    } finally {
      await lab.stop();
    }
  }
  return wrong;
}
