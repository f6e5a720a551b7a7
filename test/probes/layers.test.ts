import { expect, test } from "vitest";
import { parseRecord } from "../../lib/probes/engine/records.js";
import type { Maps, Probe, Target } from "../../lib/probes/index.js";
import { conntrackEvents, conntrackSummary } from "../../probes/conntrack/index.js";
import { defragEvents, defragSummary } from "../../probes/defrag/index.js";
import { qdiscDrops } from "../../probes/qdisc/index.js";

const target: Target = {
  host: "lab",
  snapshot: { kernel: "6.1.0" },
  hooks: new Map(),
  tracepoints: new Map(),
  layouts: null,
  layoutNotes: [],
  typedArguments: true,
};
const context = { target, parameters: {}, unixTime: (nsecs: string) => BigInt(nsecs), ended: null };

type Numbers = readonly (string | number | bigint)[];

/** What a summary makes of printed maps: what is counted, and others by their names. */
function summaryOf(probe: Probe<never, "frame">, counts: [Numbers, number][], others: Maps = new Map()) {
  const counted = new Map(counts.map(([key, count]) => [key.join(","), count]));
  const maps = new Map([["@counts", counted], ...others]);
  return probe.definition.conclude?.(maps, context);
}

/** What a probe of events makes of a printed row. */
function rowsOf({ definition }: Probe<never, "table">, printed: Numbers) {
  const line = JSON.stringify({ type: "printf", data: `row:1\t${printed.join("\t")}\n` });
  return parseRecord(line).flatMap((record) => definition.decode?.(record, context) ?? []);
}

/** The words of a name, of an IPv4 address, and of an IPv6 address, as a program prints them. */
const named = (name: string): Numbers => {
  const bytes = Buffer.alloc(16);
  bytes.write(name);
  return [bytes.readBigInt64LE(), bytes.readBigInt64LE(8)];
};
const four = (...bytes: number[]): Numbers => [0, Buffer.from(bytes).readUInt32LE()];
const six = (hex: string): Numbers => {
  const bytes = Buffer.from(hex, "hex");
  return [bytes.readBigInt64LE(), bytes.readBigInt64LE(8)];
};

/** Version, protocol or EtherType, and ports where there are any, in one word. */
const kind = (version: number, protocol: number, src?: number, dst?: number) =>
  (BigInt(version) << 49n) |
  (BigInt(protocol) << 32n) |
  (src === undefined ? 0n : (1n << 48n) | (BigInt(src) << 16n) | BigInt(dst ?? 0));

test("qdiscDrops: a discipline that drops and says success is a loss, and what drops comes first", () => {
  const [uplink, netem] = [named("uplink0"), named("netem")];
  const enetdown = 2 ** 32 - 100;
  const rows = summaryOf(qdiscDrops, [
    [[...uplink, ...netem, 1, 0], 100],
    [[...uplink, ...netem, 23, 131_072], 47],
    [[...uplink, ...netem, 23, 0], 53],
    [[...uplink, 0, 0, 0, 0], 84],
    [[...named("odd,name"), ...named("noqueue"), 1, enetdown], 2],
    [[...uplink, 0, 0, 0, 16], 1],
  ]);
  expect(rows).toEqual([
    ["uplink0", "netem", "netem_enqueue", 131_072, "NET_XMIT_SUCCESS|__NET_XMIT_BYPASS", true, 47],
    ["odd,name", "noqueue", "__dev_queue_xmit", -100, "-ENETDOWN", true, 2],
    ["uplink0", "netem", "__dev_queue_xmit", 0, "NET_XMIT_SUCCESS", false, 100],
    ["uplink0", null, "net_dev_xmit", 0, "NETDEV_TX_OK", false, 84],
    ["uplink0", "netem", "netem_enqueue", 0, "NET_XMIT_SUCCESS", false, 53],
    ["uplink0", null, "net_dev_xmit", 16, "NETDEV_TX_BUSY", false, 1],
  ]);
});

test("conntrackSummary: invalid packets with the kernel's words, drops, and those of a zone of the switch", () => {
  const address = 0xffff_ffff_c012_3456n;
  const texts: Maps = new Map([
    ["@texts", new Map([[String(address), "nf_ct_tcp: invalid tcp flag combination "]])],
  ]);
  const words = [
    // A map prints one address as signed, another as unsigned.
    [[0, 0, 1, 8, 0, kind(4, 6), 0, BigInt.asIntN(64, address)], 5],
    [[0, 1, 1, 2, 6, kind(4, 6), 2, 0], 3],
    [[1, 0, 0, 2, 1, kind(4, 17), 0, 0], 2],
    [[0, 0, 1, 7, 0, kind(0, 0x806), 0, 0], 1],
  ] satisfies [Numbers, number][];
  expect(summaryOf(conntrackSummary, words, texts)).toEqual([
    [
      "lookup",
      "netfilter",
      "ACCEPT",
      "INVALID",
      null,
      "TCP",
      null,
      "nf_ct_tcp: invalid tcp flag combination",
      5,
    ],
    ["lookup", "openvswitch", "ACCEPT", "NEW", 5, "TCP", "SYN_SENT", null, 3],
    ["confirm", "netfilter", "DROP", "NEW", 0, "UDP", null, null, 2],
    ["lookup", "netfilter", "ACCEPT", "UNTRACKED", null, "ARP", null, null, 1],
  ]);
});

test("conntrackEvents: one state is asked for as several are", () => {
  const { parameters } = conntrackEvents.definition;
  expect(parameters.parse({ state: "INVALID" })).toEqual(parameters.parse({ state: ["INVALID"] }));
  expect(parameters.safeParse({ state: "invalid" }).success).toBe(false);
});

test("conntrackEvents: the connection's status by name, and words that hold commas", () => {
  const addresses = [...four(192, 0, 2, 1), ...four(192, 0, 2, 2)];
  const invalid = [12, 0, 0, 1, 8, 0, 0, 0, ...named("eth0"), kind(4, 6, 40, 80), ...addresses, 44, 3];
  expect(rowsOf(conntrackEvents, [...invalid, "bad, very bad"])).toEqual([
    [
      ...[12n, "lookup", "netfilter", "ACCEPT", "INVALID", "bad, very bad", null, null, null, "eth0"],
      ...[4, "192.0.2.1", 40, "192.0.2.2", 80, "TCP", 44, 3],
    ],
  ]);
  const known = [12, 1, 1, 1, 2, 6, 15, 4, ...named("eth0"), kind(4, 1), ...addresses, 84, 0, ""];
  expect(rowsOf(conntrackEvents, known)[0]?.slice(1, 9)).toEqual([
    ...["confirm", "openvswitch", "ACCEPT", "NEW", null, 5, "SEEN_REPLY ASSURED CONFIRMED", "ESTABLISHED"],
  ]);
});

test("what connections look like is said to be unknown where nothing of them was read", () => {
  for (const { definition } of [conntrackEvents, conntrackSummary]) {
    expect(definition.notes?.(target, {}, new Set(["sk_buff._nfct", "nf_conn.status"]))).toEqual([]);
    expect(definition.notes?.(target, {}, new Set(["sk_buff._nfct"]))).toEqual([
      "kernel 6.1.0 doesn't say how its connections are laid out: zone, status and TCP state are unknown",
    ]);
  }
});

test("defragEvents: users with their zones, no place where there is none", () => {
  // User 7 is connection tracking in zone 5.
  const addresses = [4, ...four(192, 0, 2, 1), ...four(192, 0, 2, 2)];
  const inserted = [9, 0, 1, 4, 7, ...addresses, 4_711, 17, 1, 16, 32, 32, ...named("uplink0"), 0, 1, "0x0"];
  expect(rowsOf(defragEvents, inserted)).toEqual([
    [
      ...[9n, "insert", "DUPLICATE", 4, "conntrack in", 5, "192.0.2.1", "192.0.2.2", 4_711, "UDP"],
      ...[16, 32, 32, "uplink0", null, 1],
    ],
  ]);
  const [src, dst] = [six("20010db8000000000000000000000001"), six("20010db8000000000000000000000002")];
  const expired = [9, 1, 0, 6, 0, 6, ...src, ...dst, 0x01020304, 0, 0, 0, 0, 8, 0, 0, 0, 0, "0x0"];
  expect(rowsOf(defragEvents, expired)).toEqual([
    [
      ...[9n, "expire", "EXPIRED", 6, "local delivery", null, "2001:db8::1", "2001:db8::2", 0x01020304, null],
      ...[null, null, 8, null, null, 0],
    ],
  ]);
  const freed = [
    9,
    2,
    0,
    4,
    7,
    ...addresses,
    4_711,
    17,
    0,
    0,
    0,
    32,
    ...named("uplink0"),
    1,
    1,
    "kfree_skb_list",
  ];
  expect(rowsOf(defragEvents, freed)[0]?.slice(-3)).toEqual(["uplink0", "kfree_skb_list", 1]);
});

test("defragSummary: what waits, what is whole, what is refused and what is given up", () => {
  const rows = summaryOf(defragSummary, [
    [[0, 1, 4, 0, 17], 2],
    [[1, 0, 4, 2, 17], 4],
    [[3, 2 ** 32 - 115, 4, 0, 0], 5],
    [[3, 0, 4, 0, 0], 3],
    [[3, 2 ** 32 - 22, 6, 1, 0], 1],
  ]);
  expect(rows).toEqual([
    ["defragment", "-EINVAL", 6, "conntrack in", 0, null, 1],
    ["defragment", "COMPLETE", 4, "local delivery", null, null, 3],
    ["defragment", "WAITING", 4, "local delivery", null, null, 5],
    ["expire", "EXPIRED", 4, "conntrack in", 0, "UDP", 4],
    ["insert", "DUPLICATE", 4, "local delivery", null, "UDP", 2],
  ]);
});
