import { segmentsOf, type Table } from "../tables/index.js";

/** Packets with what the sequence pass says of their TCP segments, for queries that name several relations. */
export interface PacketsWithSegments {
  /** The relations that the query needs, by name. */
  sources: { [name: string]: Table };
  /** SQL of the packets: what tshark marks as sent again and as duplicate acks is replaced by what the segments say. */
  sql: string;
}

/** @param name of the packets' relation. A Table that is no capture's is taken as it is. */
export async function withSegments(name: string, packets: Table): Promise<PacketsWithSegments> {
  const segments = await segmentsOf(packets);
  if (segments === null) return { sources: { [name]: packets }, sql: `(FROM ${name})` };
  const own = `${name}_segments`;
  return {
    sources: { [name]: packets, [own]: segments },
    sql: `(
      SELECT ${name}.* REPLACE (
        coalesce(${own}.retransmission, false) AS retransmission,
        coalesce(${own}.zero_window, false) AS zero_window,
        CASE WHEN ${own}.kind = 'duplicate ack' THEN 1 END AS duplicate_ack)
      FROM ${name} LEFT JOIN (SELECT frame, retransmission, zero_window, kind FROM ${own}) ${own} USING (frame))`,
  };
}
