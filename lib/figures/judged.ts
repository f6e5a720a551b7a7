import { judgementOf, type Table } from "../tables/index.js";

/** Packets with what is judged of them, for queries that name several relations. */
export interface Judged {
  /** The relations that the query needs, by name. */
  sources: { [name: string]: Table };
  /** SQL of the packets: what tshark marks as sent again and as duplicate acks is replaced by what is judged of them. */
  sql: string;
}

/** @param name of the packets' relation. A Table that is no capture's is taken as it is. */
export async function judged(name: string, packets: Table): Promise<Judged> {
  const judgement = await judgementOf(packets);
  if (judgement === null) return { sources: { [name]: packets }, sql: `(FROM ${name})` };
  return {
    sources: { [name]: packets, [`${name}_judged`]: judgement },
    sql: `(
      SELECT ${name}.* REPLACE (
        coalesce(${name}_judged.retransmission, false) AS retransmission,
        coalesce(${name}_judged.zero_window, false) AS zero_window,
        CASE WHEN ${name}_judged.kind = 'duplicate ack' THEN 1 END AS duplicate_ack)
      FROM ${name} LEFT JOIN (SELECT frame, retransmission, zero_window, kind FROM ${name}_judged) ${name}_judged USING (frame))`,
  };
}
