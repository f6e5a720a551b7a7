import type { Column, Table } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import { packetColumns } from "./columns.js";
import { alreadyDissected, dissect } from "./dissect.js";
import { columnsOf, fields } from "./fields.js";

const made = new WeakMap<Capture, Map<string, Promise<Table>>>();

/**
 * Dissects a capture into a Table of one row per packet, in one pass of tshark; asked again, also in another session, it answers with the
 * same Table, from Parquet files under `$XDG_CACHE_HOME/skbook` that are bound to this very file. TCP is analysed over the whole
 * file; the filter only says which packets to show.
 *
 * A tunnelled packet counts by its innermost addresses and ports; `outer_src` and `outer_dst` have the outermost. An ICMP error
 * that quotes a packet is an ICMP packet: the quoted connection is in `quoted_tcp_stream`, `quoted_udp_stream`. TCP payload is not
 * reassembled, so `protocol` of a segment in the middle of a message is TCP.
 *
 * In a notebook, the first packets are shown while the rest is read.
 *
 * @param options.filter display filter of Wireshark, e.g. `tcp.port == 443`. Default: all packets.
 * @returns a Table; `.columns` says what each column means, in which unit.
 * @throws SkbookError `BAD_FILTER` with tshark's message, `FILE_CHANGED`, `TSHARK_MISSING`, `TSHARK_FAILED`, `INTERRUPTED`.
 */
export function packets(capture: Capture, options: { filter?: string } = {}): Promise<Table> {
  const filter = options.filter?.trim() ?? "";
  const tables = made.get(capture) ?? new Map<string, Promise<Table>>();
  made.set(capture, tables);
  const known = tables.get(filter);
  if (known !== undefined) return known;
  const table = dissect(capture, wanted(filter));
  tables.set(filter, table);
  table.catch(() => tables.delete(filter));
  return table;
}

/** Above this, a look at a few columns is much faster than at all. */
const fewPackets = 100_000;

/**
 * The packet Table as far as some columns go: the whole one where it is at hand or the capture is small, else one with these columns
 * only, which takes a fraction of the time.
 *
 * @param names of the columns.
 * @param needed tshark's fields that they are read off.
 */
export async function packetColumnsOf(
  capture: Capture,
  names: readonly string[],
  needed: readonly string[],
): Promise<Table> {
  const whole = made.get(capture)?.get("");
  if (whole !== undefined || capture.facts.packets <= fewPackets) return packets(capture);
  const kept = await alreadyDissected(capture, wanted(""));
  if (kept !== null) return packets(capture);
  const columns = packetColumns.filter(({ column }) => names.includes(column.name));
  return dissect(capture, {
    name: "overview",
    columns,
    fields: columnsOf(needed),
    filter: "",
    analysed: false,
  });
}

/** The columns of every packet Table. */
export function columnsOfPackets(): readonly Column[] {
  return packetColumns.map(({ column }) => column);
}

function wanted(filter: string) {
  return { name: "packets", columns: packetColumns, fields, filter, analysed: true };
}
