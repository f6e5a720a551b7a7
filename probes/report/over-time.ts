import {
  type Column,
  createFrame,
  type Frame,
  type Provenance,
  unixNanoseconds,
  type Value,
} from "../../lib/tables/index.js";

const columns: readonly Column[] = [
  {
    name: "time_ns",
    type: "BIGINT",
    unit: unixNanoseconds,
    meaning: "middle of the second, by the host's clock; one without drops has no row",
  },
  {
    name: "reason",
    type: "VARCHAR",
    meaning: "as the host's kernel names it; null where it gives no reasons",
  },
  { name: "drops", type: "BIGINT", unit: "packets", meaning: "packets dropped" },
];

/** Drops by second and reason, of what {@link dropsByPlace} counted. Seconds have room where flows found none, so what is lost of them is their own. */
export async function overTimeOf(counted: Frame, provenance: Provenance): Promise<Frame> {
  const { values } = await counted.sql(
    "SELECT time_ns, reason, drops FROM this WHERE site IS NULL ORDER BY time_ns, drops DESC, reason",
  );
  const rows = values as Value[][];
  const { matched } = provenance.details;
  const seen = rows.reduce((sum, [, , drops]) => sum + Number(drops), 0);
  const lost = typeof matched === "number" ? Math.max(0, matched - seen) : "unknown";
  return createFrame(columns, rows, { ...provenance, lost });
}
