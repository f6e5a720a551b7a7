import { SkbookError } from "../../lib/errors/index.js";
import { type Column, combined, deriveTable, type Table, unixNanoseconds } from "../../lib/tables/index.js";

const ofInstall: readonly Column[] = [
  { name: "time_ns", type: "BIGINT", unit: unixNanoseconds, meaning: "when the flow was put in" },
  { name: "match", type: "VARCHAR", meaning: "all that a packet has to have, as ovs-dpctl writes it" },
  { name: "actions", type: "VARCHAR", meaning: "what is done with packets, as ovs-dpctl writes it" },
  { name: "ufid", type: "VARCHAR", meaning: "the flow's identifier" },
  { name: "error", type: "VARCHAR", meaning: "why the kernel refused it; null where it didn't" },
  { name: "call_ns", type: "BIGINT", unit: "ns", meaning: "how long the kernel took to put it in" },
];
const ofUpcall: readonly Column[] = [
  { name: "device", type: "VARCHAR", meaning: "port of the switch that the packet came in by" },
  { name: "reason", type: "VARCHAR", meaning: "why it was asked about" },
  {
    name: "waited_ns",
    type: "BIGINT",
    unit: "ns",
    meaning: "from the upcall until the packet was handed back; null where others looked the same",
  },
  { name: "ip_version", type: "INTEGER", meaning: "4 or 6; null for what isn't IP" },
  { name: "src", type: "VARCHAR", meaning: "source address of the packet" },
  { name: "src_port", type: "INTEGER", meaning: "TCP, UDP or SCTP source port" },
  { name: "dst", type: "VARCHAR", meaning: "destination address of the packet" },
  { name: "dst_port", type: "INTEGER", meaning: "TCP, UDP or SCTP destination port" },
  { name: "protocol", type: "VARCHAR", meaning: "IP protocol, or the EtherType of what isn't IP" },
  { name: "length_bytes", type: "INTEGER", unit: "bytes", meaning: "the packet" },
];
const known: Column = {
  name: "upcall_known",
  type: "BOOLEAN",
  meaning: "the packet that it was put in for is proved; else all that is said of it is null",
};

/** What a packet and a flow have in common, where the flow asks for one value. */
const fits = ["ip_version", "src_port", "dst_port", "protocol"]
  .map((name) => `(i.${name} IS NULL OR i.${name} IS NOT DISTINCT FROM u.${name})`)
  .concat(
    ["src", "dst"].map(
      (name) => `(i.${name} IS NULL OR contains(i.${name}, '/') OR i.${name} IS NOT DISTINCT FROM u.${name})`,
    ),
  )
  .join(" AND ");

const query = `
  SELECT ${ofInstall.map(({ name }) => `i.${name}`).join(", ")}, u.netlink_seq IS NOT NULL AS upcall_known,
    ${ofUpcall.map(({ name }) => `u.${name}`).join(", ")}
  FROM (SELECT * FROM installs WHERE operation = 'new') AS i
  LEFT JOIN upcalls AS u
    ON u.netlink_port = i.netlink_port AND u.netlink_seq = (i.netlink_seq + 1) % 4294967296 AND ${fits}
  ORDER BY i.time_ns`;

/**
 * Puts each flow that was put into Open vSwitch's kernel datapath beside the packet that it was put in for, with how long that packet waited for it. Both probes have to run at the same time.
 *
 * A thread of ovs-vswitchd puts the flow in and hands the packet back by two requests on one netlink socket, one directly behind the other: only where the two have adjacent numbers, and what the flow asks for is what the packet has, the two belong together. So what isn't proved stays null: a flow that drops (its
 * packet is never handed back), one whose packet was left out by a filter of {@link upcallEvents} or lost, one that somebody else put in.
 *
 * @param installs of {@link flowInstalls}.
 * @param upcalls of {@link upcallEvents}, measured meanwhile, with `requests: true`.
 * @returns one row for each flow that was to be put in, in order of time.
 * @throws SkbookError `BAD_PARAMETER`: these are tables of other probes, or the upcalls have no `requests`.
 * @example
 * const [installs, upcalls] = await Promise.all([flowInstalls(host, { seconds: 10 }), upcallEvents(host, { seconds: 10, requests: true })]);
 * await flowUpcalls(installs, upcalls)
 */
export async function flowUpcalls(installs: Table, upcalls: Table): Promise<Table> {
  refuseUnless(installs, "installs", "flowInstalls", ["operation", "match", "netlink_port", "netlink_seq"]);
  refuseUnless(upcalls, "upcalls", "upcallEvents with requests: true", [
    "waited_ns",
    "netlink_port",
    "netlink_seq",
  ]);
  const provenance = { installs: installs.provenance, upcalls: upcalls.provenance };
  return deriveTable("flow_upcalls", {
    sources: { installs, upcalls },
    query,
    columns: [...ofInstall, known, ...ofUpcall],
    provenance: { ...combined(provenance), source: "flowUpcalls" },
  });
}

function refuseUnless(table: Table, name: string, probe: string, wanted: readonly string[]): void {
  const missing = wanted.filter((column) => table.schema.every((one) => one.name !== column));
  if (missing.length === 0) return;
  throw new SkbookError({
    code: "BAD_PARAMETER",
    tried: "put flows beside the packets that they were put in for",
    failed: `${name} has no ${missing.join(", ")}`,
    todo: `give what ${probe} returned`,
  });
}
