import type { Host } from "../lib/hosts/index.js";
import { checkProbe } from "../lib/probes/index.js";
import { type Column, completeProvenance, createFrame, type Frame, type Value } from "../lib/tables/index.js";
import { type AnyProbe, catalogue } from "./catalogue.js";

const columns: Column[] = [
  { name: "probe", type: "VARCHAR", meaning: "the function's name" },
  { name: "runs", type: "BOOLEAN", meaning: "whether the host has all that it can't do without" },
  { name: "missing", type: "VARCHAR", meaning: "hooks that it needs and the host lacks; null where none is" },
  {
    name: "without",
    type: "VARCHAR",
    meaning: "hooks that it could use and the host lacks; null where none is",
  },
  {
    name: "why",
    type: "VARCHAR",
    meaning: "what the host lacks, in its own words; null where nothing is missing",
  },
  { name: "todo", type: "VARCHAR", meaning: "how to get it; null where nothing has to be done" },
];

/**
 * Says which probes can run on a host, and of the others what the host lacks. Everything comes from what the host says of itself, once per
 * connection until something is missing: nothing is loaded or attached.
 *
 * Columns: `probe`, `runs`, `missing` (hooks that it needs and the host lacks), `without` (hooks that it can do without, which the host lacks:
 * a part of its answer will be missing), `why`, `todo`.
 *
 * @param probe one probe, also of your own; default all that come with skbook.
 * @example await canRun(host)
 */
export async function canRun(host: Host, probe?: AnyProbe): Promise<Frame> {
  const rows: Value[][] = [];
  for (const { definition } of probe === undefined ? catalogue : [probe]) {
    const { checks, hooks } = await checkProbe(host, definition);
    const failed = checks.filter(({ ok }) => !ok);
    const optional = hooks.missing.filter((hook) => hook.optional);
    const needed = hooks.missing.filter((hook) => !hook.optional);
    rows.push([
      definition.name,
      failed.length === 0,
      listed(needed.map(({ hook }) => hook)),
      listed(optional.map(({ hook }) => hook)),
      listed([...failed.map(({ detail }) => detail), ...optional.map(({ why }) => why)]),
      listed([...failed, ...optional].map(({ todo }) => todo)),
    ]);
  }
  // What is missing may be there the next time that the cell runs: a module can be loaded.
  if (rows.some((row) => row[5] !== null)) host.forget();
  return createFrame(
    columns,
    rows,
    completeProvenance("canRun", {
      host: host.name,
    }),
  );
}

function listed(parts: readonly string[]): string | null {
  return parts.length === 0 ? null : [...new Set(parts)].join("; ");
}
