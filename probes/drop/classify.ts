import {
  type Column,
  createFrame,
  deriveTable,
  type Frame,
  Table,
  type Value,
} from "../../lib/tables/index.js";
import { dropRules } from "./rules.js";

const added: readonly Column[] = [
  { name: "kind", type: "VARCHAR", meaning: "normal, suspicious or unknown, by the rules of classifyDrops" },
  { name: "why", type: "VARCHAR", meaning: "what the rule that decided says" },
  { name: "rule", type: "VARCHAR", meaning: "id of that rule; null where none knows the place" },
];

/** Columns that rules look at. */
const looked = {
  reason: "VARCHAR",
  site: "VARCHAR",
  device: "VARCHAR",
  dst: "VARCHAR",
  eth_dst: "VARCHAR",
  packet_type: "VARCHAR",
  protocol: "VARCHAR",
  ip_version: "INTEGER",
  tcp_has_data: "BOOLEAN",
  tcp_flags: "VARCHAR",
  tcp_payload_bytes: "INTEGER",
};

/**
 * Says of each drop whether a packet was lost: `normal` (no packet that anyone waits for: a message of netlink, what
 * had been received already or was handled), `suspicious` (lost), or `unknown` (no rule knows). It is a pure function of the row, and no filter: every
 * row stays. The rules are {@link dropRules}, and the first one that holds decides:
 *
 * | kind | where |
 * |---|---|
 * | suspicious | `netlink_attachskb`: no room in a netlink socket |
 * | normal | messages of local sockets and of netlink |
 * | unknown | reasons OTHERHOST, TAP_FILTER, without reason what is known to have been for another machine: flooded, or sent to a wrong MAC address |
 * | unknown | without reason, in `ip_rcv_core`, `ip6_rcv_core`: another machine's MAC address or a wrong header; suspicious where the frame is known to have been for this one |
 * | normal | broadcast and multicast (by `dst`, by `eth_dst` of `headers: true`) that no socket, group or route takes |
 * | normal | NO_SOCKET in `icmp_rcv`, `icmpv6_rcv`, `ping_rcv`: raw sockets have been given theirs before |
 * | normal | reasons UNHANDLED_PROTO, SOCKET_FILTER, MAC_IEEE_MAC_CONTROL, BRIDGE_INGRESS_STP_STATE, TCP_OLD_DATA, TCP_OFOMERGE, TCP_OLD_ACK, TCP_OLD_SEQUENCE, DUP_FRAG, TCP_RESET, SOCKET_CLOSE, UNIX_DISCONNECT, QUEUE_PURGE |
 * | unknown | reasons TCP_INVALID_SEQUENCE, TCP_INVALID_END_SEQUENCE, TCP_INVALID_SYN, TCP_FLAGS: mostly what came twice, or strays |
 * | normal | NO_SOCKET of a TCP reset |
 * | unknown | reasons TCP_CLOSE, TCP_ABORT_ON_CLOSE, TCP_ABORT_ON_DATA, TCP_ABORT_ON_LINGER, and NO_SOCKET of TCP segments known not to open a connection: it had ended |
 * | normal | without reason: queues of closed sockets, `icmp_rcv`, `icmpv6_rcv`, `igmp_rcv`, pieces freed with a packet (`skb_release_data`), in `__netif_receive_skb_core` what is known not to be IP |
 * | unknown | without reason, in `__netif_receive_skb_core`: IP, or unknown |
 * | unknown | without reason, where TCP takes segments: SYN; in its handling of a connection segments with data |
 * | normal | without reason, in TCP's handling of a connection: segments without data |
 * | unknown | without reason, in `tcp_v4_rcv`, `tcp_v6_rcv`: segments other than SYN; and all where the rows have no headers |
 * | suspicious | reasons of Open vSwitch's own (`SUBSYSTEM_N_M` in a function of it), each with what it stands for; any other reason, and places where packets get lost |
 * | unknown | everything else |
 *
 * @param drops of {@link dropEvents} (best with `headers: true`: without them TCP segments stay unknown on kernels without reasons) or {@link dropSummary}.
 * @returns the same with three more columns: `kind`, `why` and `rule`.
 * @example await classifyDrops(await dropEvents(host, { seconds: 10, headers: true }))
 */
export async function classifyDrops(drops: Table): Promise<Table>;
export async function classifyDrops(drops: Frame): Promise<Frame>;
export async function classifyDrops(drops: Table | Frame): Promise<Table | Frame> {
  if (drops instanceof Table) {
    const columns = [...drops.schema, ...added];
    return deriveTable("drops", {
      sources: { drops },
      query: queryOf("drops", drops.schema),
      columns,
      provenance: drops.provenance,
    });
  }
  const judged = await drops.sql(queryOf("this", drops.schema));
  return createFrame([...drops.schema, ...added], judged.values as Value[][], drops.provenance);
}

function queryOf(from: string, columns: readonly Column[]): string {
  const missing = Object.entries(looked).filter(([name]) => columns.every((column) => column.name !== name));
  const nulls = missing.map(([name, type]) => `, NULL::${type} AS ${name}`).join("");
  const hidden = ` EXCLUDE (${[...missing.map(([name]) => name), "rule"].join(", ")})`;
  const rule = `CASE ${dropRules.map(({ id, when }) => `WHEN ${when} THEN ${text(id)}`).join(" ")} END`;
  const kinds = dropRules.map(({ id, kind }) => `WHEN ${text(id)} THEN ${text(kind)}`);
  const whys = dropRules.map(
    ({ id, why, more = "NULL" }) => `WHEN ${text(id)} THEN coalesce(${more}, ${text(why)})`,
  );
  return `
    SELECT *${hidden}, CASE rule ${kinds.join(" ")} ELSE 'unknown' END AS kind,
      CASE rule ${whys.join(" ")} ELSE 'no rule knows this place' END AS why, rule
    FROM (SELECT *, ${rule} AS rule FROM (SELECT *${nulls} FROM ${from}))`;
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
