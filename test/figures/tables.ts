import {
  type Column,
  createFrame,
  createTable,
  type Frame,
  type Provenance,
  type Table,
  type Value,
} from "../../lib/tables/index.js";

/** When the tests' events start: Unix epoch, nanoseconds. */
export const start = 1_774_000_800_250_000_000n;

/** What a run of ten seconds without loss says of itself. */
export function provenance(own: Partial<Provenance> = {}): Provenance {
  return {
    source: "test",
    host: "root@192.0.2.10",
    recordingId: null,
    startedAt: "2026-03-20T10:00:00.250Z",
    endedAt: "2026-03-20T10:00:10.250Z",
    lost: 0,
    truncated: false,
    partial: false,
    notes: [],
    details: {},
    ...own,
  };
}

const text = (name: string): Column => ({ name, type: "VARCHAR", meaning: name });
const whole = (name: string): Column => ({ name, type: "BIGINT", meaning: name });

/** A Table of rows. */
export async function tableOf(columns: Column[], rows: Value[][], of: Provenance): Promise<Table> {
  const writer = await createTable("figures", columns);
  await writer.append(rows);
  return writer.finish(of);
}

/** Drop events: milliseconds after the start, reason, site, device. */
export function drops(rows: [ms: number, ...Value[]][], own: Partial<Provenance> = {}): Promise<Table> {
  return tableOf(
    [whole("time_ns"), text("reason"), text("site"), text("device")],
    rows.map(([ms, ...rest]) => [start + BigInt(Math.round(ms * 1e6)), ...rest]),
    provenance(own),
  );
}

/** Counts of drops: reason, site, device, drops. */
export function dropCounts(rows: Value[][], own: Partial<Provenance> = {}): Frame {
  return createFrame([text("reason"), text("site"), text("device"), whole("drops")], rows, provenance(own));
}
