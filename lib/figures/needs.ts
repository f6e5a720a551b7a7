import { SkbookError } from "../errors/index.js";
import { type Frame, isPacketSource, type Table } from "../tables/index.js";
import { rowsOf } from "./rows.js";

/** What a figure is drawn of, for the sentences of a refusal. */
export interface Wanted {
  /** The figure's own name: `timeSequence`. */
  figure: string;
  /** The calls that make what it takes: `tcpSegments(capture, { flow: "tcp 0" })`. */
  made: string;
}

function refusal({ figure, made }: Wanted, failed: string): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: `draw ${figure}`,
    failed,
    todo: `give what this returns: await ${made}`,
  });
}

function whatIs(source: unknown): string {
  if (isPacketSource(source)) return "a capture, not what is made of one";
  const { then } = (source ?? {}) as { then?: unknown };
  return typeof then === "function" ? "a promise: await it" : "no Table or Frame";
}

/** @throws SkbookError `BAD_PARAMETER` where it is no Table or Frame, or lacks a column; it says which call makes the right one. */
export function needsColumns(wanted: Wanted, source: unknown, columns: readonly string[]): void {
  if (typeof source !== "object" || source === null || !("schema" in source)) {
    throw refusal(wanted, `what it was given is ${whatIs(source)}`);
  }
  const names = (source as Table | Frame).columns;
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length > 0) throw refusal(wanted, `the table has no column ${missing.join(", ")}`);
}

/**
 * The one conversation that a source is about; null where it has no rows.
 *
 * @throws SkbookError `BAD_PARAMETER` where it is about several, with the busiest of them.
 */
export async function oneFlow(wanted: Wanted, source: Table | Frame, where = "true"): Promise<string | null> {
  const rows = await rowsOf(
    source,
    `SELECT flow, (count(*) OVER ())::DOUBLE AS flows FROM this WHERE ${where} GROUP BY flow ORDER BY count(*) DESC, flow LIMIT 4`,
  );
  const flows = Number(rows[0]?.[1] ?? 0);
  if (flows <= 1) return (rows[0]?.[0] as string | undefined) ?? null;
  const names = rows.map(([flow]) => flow).join(", ");
  throw refusal(wanted, `it shows one conversation, and the table has ${flows}, the busiest ${names}`);
}
