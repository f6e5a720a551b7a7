/** Above this part of bad checksums from one sender, its own device fills them in after the capture. */
const offloadedPart = 0.5;

/** Devices that hand packets on in memory: nothing damages them there, and nobody checks. */
const inMemory = "^(lo[0-9]*|veth.*|tap.*|tun[0-9].*|vnet[0-9].*)$";

/**
 * Wrong checksums, judged by sender, protocol and payload, as relation `checksums`: `checked`, `bad`, and of these `harmless`. A checksum is
 * filled in after the capture where it is the sum of the pseudo-header; where the IP header's is wrong, too; on a device in memory; where the packet was
 * received all the same (acknowledged, not sent again with the right one; or what came next in its conversation was an answer); and of a
 * sender most of whose packets are so.
 *
 * @param interfaces names of the capture's interfaces, by their numbers.
 */
export function checksumViews(
  linkType: string,
  interfaces: readonly (string | null)[],
): { [name: string]: string } {
  const local = interfaces.flatMap((name, at) =>
    name !== null && new RegExp(inMemory).test(name) ? [at] : [],
  );
  const onLocal = [
    ...(["null", "loop"].includes(linkType) ? ["true"] : []),
    ...(local.length === 0 ? [] : [`interface IN (${local.join(", ")})`]),
    "starts_with(src, '127.')",
    "src = '::1'",
    "src = dst",
  ].join(" OR ");
  return {
    verified: `
      SELECT frame, time_ns, src, transport, flow_number, from_client, tcp_seq, tcp_len_bytes, checksum_status AS status,
        coalesce(tcp_len_bytes, udp_len_bytes, 0) > 0 AS loaded,
        checksum_status = 'partial' OR ip_checksum_status = 'bad' OR (${onLocal}) AS unfilled
      FROM seen WHERE checksum_status IN ('good', 'bad', 'partial')`,
    senders: `
      SELECT src, transport, loaded, count(*) AS checked, count(*) FILTER (status <> 'good') AS bad FROM verified GROUP BY ALL`,
    // What became of the others doesn't matter: their sender's device fills them in.
    wrong: `
      SELECT verified.* FROM verified SEMI JOIN (FROM senders WHERE bad <= ${offloadedPart} * checked) USING (src, transport, loaded)
      WHERE status <> 'good'`,
    told: `
      SELECT flow_number, NOT from_client AS from_client, max(tcp_ack) AS acked FROM seen
      WHERE contains(tcp_flags, 'ACK') AND flow_number IN (SELECT flow_number FROM wrong) GROUP BY ALL`,
    repaired: `
      SELECT DISTINCT wrong.frame FROM wrong JOIN verified good
        ON good.flow_number = wrong.flow_number AND good.from_client = wrong.from_client AND good.tcp_seq = wrong.tcp_seq
      WHERE good.status = 'good' AND wrong.loaded AND good.loaded`,
    followed: `
      SELECT frame, lead(answers) OVER (PARTITION BY number ORDER BY frame) <> answers AS answered FROM (
        SELECT frame, flow_number AS number, from_client AS answers FROM seen
        WHERE transport <> 'tcp' AND flow_number IN (SELECT flow_number FROM wrong)
        UNION ALL SELECT frame, about_number, NOT quoted_src IN (SELECT client FROM conversations WHERE flow_number = about_number)
        FROM seen WHERE about_number IN (SELECT flow_number FROM wrong))`,
    judged: `
      SELECT wrong.*, repaired.frame IS NOT NULL AS resent,
        unfilled OR coalesce(CASE WHEN transport = 'tcp' THEN tcp_len_bytes > 0 AND acked >= tcp_seq + tcp_len_bytes AND repaired.frame IS NULL
          ELSE answered END, false) AS received
      FROM wrong LEFT JOIN told USING (flow_number, from_client) LEFT JOIN repaired ON repaired.frame = wrong.frame
        LEFT JOIN followed ON followed.frame = wrong.frame`,
    receipts: `
      SELECT src, transport, loaded, count(*) FILTER (received) AS received, count(*) FILTER (resent) AS resent FROM judged GROUP BY ALL`,
    checksums: `
      SELECT checked, bad, CASE
        WHEN bad > ${offloadedPart} * checked OR (received > 0 AND received > resent) THEN bad
        ELSE coalesce(received, 0) END AS harmless
      FROM senders LEFT JOIN receipts USING (src, transport, loaded)`,
  };
}
