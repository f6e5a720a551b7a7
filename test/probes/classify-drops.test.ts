import { expect, test } from "vitest";
import {
  type Column,
  classifyDrops,
  createFrame,
  createTable,
  dropRules,
  type Value,
} from "../../lib/index.js";

const provenance = {
  ...{ source: "dropEvents", host: "h", recordingId: null, startedAt: null, endedAt: null },
  ...{ lost: 0, truncated: false, partial: false, notes: [], details: {} },
} as const;

const columns: Column[] = [
  { name: "reason", type: "VARCHAR", meaning: "reason" },
  { name: "site", type: "VARCHAR", meaning: "site" },
  { name: "device", type: "VARCHAR", meaning: "device" },
  { name: "tcp_flags", type: "VARCHAR", meaning: "flags" },
  { name: "tcp_payload_bytes", type: "INTEGER", unit: "bytes", meaning: "data" },
];

/** What dropReport knows of its drops besides. */
const besides: Column[] = [
  { name: "dst", type: "VARCHAR", meaning: "destination" },
  { name: "packet_type", type: "VARCHAR", meaning: "whom it was for" },
  { name: "tcp_has_data", type: "BOOLEAN", meaning: "has data" },
  { name: "protocol", type: "VARCHAR", meaning: "protocol or EtherType" },
  { name: "ip_version", type: "INTEGER", meaning: "4 or 6" },
];

const cases: [row: Value[], kind: string][] = [
  [["NO_SOCKET", "__udp4_lib_rcv", "eth0", null, null], "suspicious"],
  [["NETFILTER_DROP", "nf_hook_slow", "eth0", null, null], "suspicious"],
  [["TCP_OLD_DATA", "tcp_data_queue", "eth0", "ACK", 1_000], "normal"],
  [["TCP_INVALID_SYN", "tcp_validate_incoming", "eth0", "SYN ACK", 0], "unknown"],
  [["TCP_FLAGS", "tcp_v4_do_rcv", "eth0", "ACK", 10], "unknown"],
  [["TCP_INVALID_SEQUENCE", "tcp_validate_incoming", "eth0", "ACK", 10], "unknown"],
  [["OTHERHOST", "ip_rcv_core", "eth0", null, null], "unknown"],
  [["NO_SOCKET", "icmp_rcv", "eth0", null, null], "normal"],
  [["NO_SOCKET", "icmpv6_rcv", "eth0", null, null], "normal"],
  [["NO_SOCKET", "tcp_v4_rcv", "eth0", "SYN", 0], "suspicious"],
  [["NOT_SPECIFIED", "do_execute_actions", "vnet1", null, null], "suspicious"],
  [["NOT_SPECIFIED", "vxlan_rcv", "eth0", null, null], "suspicious"],
  [["NOT_SPECIFIED", "icmpv6_rcv", "eth0", null, null], "normal"],
  [["NOT_SPECIFIED", "netlink_attachskb", null, null, null], "suspicious"],
  [["NOT_SPECIFIED", "nfnetlink_rcv_batch", null, null, null], "normal"],
  [["NOT_SPECIFIED", "ovs_vport_cmd_get", null, null, null], "normal"],
  [["NOT_SPECIFIED", "ovs_packet_cmd_execute", null, null, null], "unknown"],
  [["NOT_SPECIFIED", "some_driver_xmit", "eth0", null, null], "unknown"],
  [["SUBSYSTEM_3_1", "do_execute_actions", "vnet1", null, null], "suspicious"],
  [[null, "sk_stream_kill_queues", null, null, null], "normal"],
  [[null, "skb_release_data", "eth0", null, null], "normal"],
  [[null, "tcp_v4_rcv", "eth0", "SYN", 0], "unknown"],
  [[null, "tcp_v4_rcv", "eth0", "PSH ACK", 100], "unknown"],
  [[null, "tcp_v4_rcv", "eth0", "ACK", 0], "unknown"],
  [[null, "tcp_v4_rcv", "eth0", null, null], "unknown"],
  [[null, "tcp_v4_do_rcv", "eth0", "ACK", 0], "normal"],
  [[null, "tcp_v4_do_rcv", "eth0", "PSH ACK", 1], "unknown"],
  [["NOT_SPECIFIED", "tcp_v4_do_rcv", "eth0", "PSH ACK", 1], "unknown"],
  [["NOT_SPECIFIED", "tcp_v4_rcv", "eth0", "SYN", 0], "unknown"],
  [["NOT_SPECIFIED", "tcp_v4_rcv", "eth0", "ACK", 0], "unknown"],
  [[null, "tcp_rcv_state_process", "eth0", "PSH ACK", 1], "unknown"],
  [[null, "ip6_rcv_core", "eth0", null, null], "unknown"],
  [[null, "__netif_receive_skb_core", "eth0", null, null], "unknown"],
  [[null, "tcp_v4_do_rcv", "eth0", "SYN", 10], "unknown"],
  [[null, "__udp4_lib_rcv", "eth0", null, null], "suspicious"],
];
const rows = cases.map(([row]) => row);
const kinds = cases.map(([, kind]) => kind);

test("each drop is normal, suspicious or unknown, by visible rules", async () => {
  const judged = await classifyDrops(createFrame(columns, rows, provenance));
  const values = judged.values as Value[][];
  expect(values.map((row) => row.at(-3))).toEqual(kinds);
  // Damaged data is freed at the place where data that comes too late is.
  expect(values[cases.findIndex(([row]) => row[3] === "PSH ACK" && row[1] === "tcp_v4_do_rcv")]?.at(-1)).toBe(
    "TCP_DATA",
  );
  const known = new Map([...dropRules.map(({ id, why }) => [id, why] as const)]);
  for (const row of values.filter((row) => row.at(-1) !== "SWITCH"))
    expect(row.at(-2)).toBe(
      row.at(-1) === null ? "no rule knows this place" : known.get(row.at(-1) as string),
    );
});

test.each<[number, RegExp]>([
  [1, /send it nowhere/],
  [2, /action .* failed/],
  [3, /flow .* says that it is dropped$/],
  [4, /flow .* says that it is dropped, as an error/],
  [5, /meter/],
  [6, /nested deeper/],
  [7, /wait than the kernel has room for/],
  [8, /headers are too long/],
  [9, /it is not IP/],
  [10, /connection tracking/],
  [11, /time to live/],
  [12, /for a reason of its own$/],
])("reason %i of Open vSwitch is told in words", async (number, words) => {
  const reasons = [
    ["SUBSYSTEM_2", "do_execute_actions"],
    ["SUBSYSTEM_3", "ovs_vport_receive"],
    // Some other subsystem's.
    ["SUBSYSTEM_1", "ieee80211_rx_list"],
  ].map(([subsystem, site]) => [`${subsystem}_${number}`, site as string, "vnet1", null, null]);
  const judged = (await classifyDrops(createFrame(columns, reasons, provenance))).values as Value[][];
  expect(judged.map((row) => row.at(-1))).toEqual(["SWITCH", "SWITCH", "REASON"]);
  expect(judged.map((row) => words.test(String(row.at(-2))))).toEqual([true, true, false]);
});

test.each<[string, Value[], string, Value[]]>([
  [
    "broadcast that nobody takes",
    ["NOT_SPECIFIED", "__udp4_lib_rcv", "eth0", null, null],
    "normal",
    ["198.51.100.255", "BROADCAST", null],
  ],
  [
    "the host's own broadcast, handed back to it",
    ["NOT_SPECIFIED", "__udp4_lib_rcv", "eth0", null, null],
    "normal",
    ["198.51.100.255", "LOOPBACK", null],
  ],
  [
    "multicast without a member",
    [null, "ip_rcv_finish_core", "eth0", null, null],
    "normal",
    ["224.0.0.251", null, null],
  ],
  ["multicast of IPv6", [null, "ip6_mc_input", "eth0", null, null], "normal", ["ff02::fb", null, null]],
  [
    "unicast to a closed port",
    ["NOT_SPECIFIED", "__udp4_lib_rcv", "eth0", null, null],
    "suspicious",
    ["198.51.100.2", "HOST", null],
  ],
  [
    "broadcast that the firewall drops",
    ["NETFILTER_DROP", "nft_do_chain", "eth0", null, null],
    "suspicious",
    ["255.255.255.255", "BROADCAST", null],
  ],
  [
    "another machine's frame, without reasons",
    [null, "ip_rcv_core", "eth0", null, null],
    "unknown",
    ["198.51.100.2", "OTHERHOST", null],
  ],
  [
    "a wrong header, without reasons",
    [null, "ip_rcv_core", "eth0", null, null],
    "suspicious",
    ["198.51.100.2", "HOST", null],
  ],
  [
    "neighbour discovery where IPv6 is switched off",
    [null, "ip6_rcv_core", "eth0", null, null],
    "unknown",
    ["ff02::1", "MULTICAST", null],
  ],
  [
    "an EtherType that nobody takes, without reasons",
    [null, "__netif_receive_skb_core", "eth0", null, null],
    "normal",
    [null, "HOST", null, "LLDP", null],
  ],
  [
    "IP that nobody takes, without reasons",
    [null, "__netif_receive_skb_core", "eth0", null, null],
    "unknown",
    ["198.51.100.2", "HOST", null, "UDP", 4],
  ],
  [
    "a bridged frame in a full queue",
    [null, "__dev_queue_xmit", "vnet1", null, null],
    "suspicious",
    ["198.51.100.2", "OTHERHOST", null],
  ],
  [
    "a segment behind the end",
    ["NO_SOCKET", "tcp_v4_rcv", "eth0", "ACK", null],
    "unknown",
    ["198.51.100.2", "HOST", true],
  ],
  [
    "a reset behind the end",
    ["NO_SOCKET", "tcp_v4_rcv", "eth0", "RST", null],
    "normal",
    ["198.51.100.2", "HOST", false],
  ],
  [
    "an answer nobody asked for",
    ["NO_SOCKET", "tcp_v4_rcv", "eth0", "SYN ACK", null],
    "unknown",
    ["198.51.100.2", "HOST", false],
  ],
  [
    "a refused attempt",
    ["NO_SOCKET", "tcp_v4_rcv", "eth0", "SYN", null],
    "suspicious",
    ["198.51.100.2", "HOST", false],
  ],
  [
    "data, of which the length is unknown",
    [null, "tcp_v4_do_rcv", "eth0", "ACK", null],
    "unknown",
    ["198.51.100.2", "HOST", true],
  ],
])("%s", async (_, row, kind, more) => {
  const padded = [...row, ...more, ...besides.slice(more.length).map(() => null)];
  const judged = await classifyDrops(createFrame([...columns, ...besides], [padded], provenance));
  expect((judged.values as Value[][])[0]?.at(-3)).toBe(kind);
});

test("no row is hidden, none is changed, and a Table is judged as a Frame is", async () => {
  const writer = await createTable("drops", columns);
  writer.append(rows);
  const judged = await classifyDrops(await writer.finish(provenance));
  const values = (await judged.toFrame()).values as Value[][];
  expect(values.map((row) => row.slice(0, -3))).toEqual(rows);
  expect(values.map((row) => row.at(-3))).toEqual(kinds);
});

test("drops without the columns of headers, or without a site, are judged by what there is", async () => {
  const frame = createFrame(columns.slice(0, 1), [["NO_SOCKET"], [null], ["OTHERHOST"]], provenance);
  const values = (await classifyDrops(frame)).values as Value[][];
  expect(values.map((row) => row.slice(0, 2))).toEqual([
    ["NO_SOCKET", "suspicious"],
    [null, "unknown"],
    ["OTHERHOST", "unknown"],
  ]);
});
