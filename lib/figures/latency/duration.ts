import { SkbookError } from "../../errors/index.js";
import type { Table } from "../../tables/index.js";
import type { Wanted } from "../needs.js";

const usual = ["whole_ns", "total_ns", "waited_ns", "off_ns", "silent_ns", "latency_ns"];

/**
 * The column of a table of events that says how long each took: as told, else the first of the usual ones.
 *
 * @throws SkbookError `BAD_PARAMETER` where there is none.
 */
export function durationOf(wanted: Wanted, events: Table, asked: string | undefined): string {
  const durations = events.schema.filter(({ unit }) => unit === "ns").map(({ name }) => name);
  const found = asked === undefined ? usual.find((name) => durations.includes(name)) : asked;
  if (found !== undefined && durations.includes(found)) return found;
  throw new SkbookError({
    code: "BAD_PARAMETER",
    tried: `draw ${wanted.figure}`,
    failed:
      asked === undefined
        ? `the table has none of ${usual.join(", ")}`
        : `the table has no column ${asked.slice(0, 60)} of nanoseconds`,
    todo:
      durations.length === 0
        ? `give what this returns: await ${wanted.made}`
        : `give one of ${durations.join(", ")} as \`of\``,
  });
}
