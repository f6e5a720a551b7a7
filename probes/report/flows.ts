import { type Column, deriveFrame, type Frame, type Provenance, type Table } from "../../lib/tables/index.js";
import { word } from "../columns.js";
import { drops, percent, percentSql, whole } from "./columns.js";

const shown = 1_000;

const columns: Column[] = [
  word("protocol", "IP protocol, or the EtherType of what isn't IP"),
  word("src", "source address"),
  whole("src_port", "source port"),
  word("dst", "destination address"),
  whole("dst_port", "destination port"),
  drops,
  percent,
  word("reasons", "why, each once"),
  word("devices", "interfaces that its packets were on"),
  word("kinds", "normal, suspicious, unknown, each once"),
];

const flow = "protocol, src, src_port, dst, dst_port";
const each = (column: string) => `string_agg(DISTINCT ${column}, ', ' ORDER BY ${column})`;

/** The flows that lost most; where there are more, it says so. */
export async function flowsOf(all: Table, provenance: Provenance): Promise<Frame> {
  const { values } = await all.sql(`SELECT count(*) FROM (SELECT DISTINCT ${flow} FROM this)`);
  const flows = Number((values as unknown[][])[0]?.[0]);
  const isCut = flows > shown;
  return deriveFrame({
    sources: { all },
    query: `
      SELECT ${flow}, sum(drops) AS drops, ${percentSql} AS percent, ${each("reason")} AS reasons, ${each("device")} AS devices, ${each("kind")} AS kinds
      FROM "all" GROUP BY ${flow} ORDER BY drops DESC, ${flow} LIMIT ${shown}`,
    columns,
    provenance: {
      ...provenance,
      truncated: provenance.truncated || isCut,
      notes: isCut
        ? [...provenance.notes, `the ${shown} flows that lost most, of ${flows}`]
        : provenance.notes,
    },
  });
}
