import { expect, test } from "vitest";
import { evaluate } from "../../lib/findings/index.js";
import { type Column, deriveTable, type Table, type Value } from "../../lib/tables/index.js";
import { explainedSql } from "../../probes/report/counted.js";
import { dropReportRules } from "../../probes/report/rules.js";
import { provenance, tableOf } from "../figures/tables.js";

const text = (name: string): Column => ({ name, type: "VARCHAR", meaning: name });
const whole = (name: string): Column => ({ name, type: "BIGINT", meaning: name });
const dropColumns = [
  ...["kind", "reason", "site", "device", "netns", "guest"].map(text),
  ...["drops", "to_own_address", "flows"].map(whole),
  ...["worst_flow", "why", "rule"].map(text),
];
const counterColumns = [
  ...["source", "netns", "guest", "subject", "counter"].map(text),
  ...["change", "no_loss", "change_per_second"].map(whole),
  { name: "loss", type: "BOOLEAN", meaning: "loss" } as Column,
];

/** Site, namespace, how many, kind, the rule that decided, and the reason where the kernel gives one. */
type Drop = [
  ...[site: string, netns: string | null, drops: number, kind?: string],
  ...[rule?: string, reason?: string | null],
];
type Counter = [netns: string, counter: string, change: number];

async function explained(drops: Drop[], counters: Counter[], own = 0): Promise<Table> {
  const rows = drops.map(
    ([site, netns, count, kind = "suspicious", rule = "LOSSY_PLACE", reason = null]): Value[] => [
      ...[kind, reason, site, "eth0", netns, null, count, own, 1, "UDP 192.0.2.1:9 → 192.0.2.2:9", "", rule],
    ],
  );
  const counted = counters.map(([netns, counter, change]): Value[] => [
    ...["protocol", netns, null, null, counter, change, 0, change, false],
  ]);
  return deriveTable("drops", {
    sources: {
      drops: await tableOf(dropColumns, rows, provenance()),
      counters: await tableOf(counterColumns, counted, provenance()),
    },
    query: explainedSql,
    columns: [...dropColumns, text("counted")],
    provenance: provenance(),
  });
}

const found = async (drops: Drop[], counters: Counter[], own = 0) => {
  const table = await explained(drops, counters, own);
  const doubts = [text("flow"), text("doubt")];
  const findings = await evaluate({
    name: "dropReport",
    subject: { drops: table, counters: await tableOf(counterColumns, [], provenance()) },
    rules: dropReportRules,
    choice: { thresholds: {}, only: undefined },
    doubts: () => tableOf(doubts, [], provenance()),
  });
  return [...findings].map(({ id }) => id);
};

test.each<[string, Drop[], Counter[], string[]]>([
  ["a closed port", [["__udp4_lib_rcv", "a", 20]], [["a", "UdpNoPorts", 20]], ["DROPS_NO_SOCKET"]],
  ["damage", [["__udp4_lib_rcv", "a", 20]], [["a", "UdpInCsumErrors", 20]], ["DROPS_CHECKSUM"]],
  [
    "a full buffer",
    [["udp_queue_rcv_one_skb", "a", 20]],
    [["a", "UdpRcvbufErrors", 20]],
    ["DROPS_SOCKET_FULL"],
  ],
  [
    "damage that is found late",
    [["udp_queue_rcv_one_skb", "a", 20]],
    [["a", "UdpInCsumErrors", 20]],
    ["DROPS_CHECKSUM"],
  ],
  ["a filter of a socket", [["udp_queue_rcv_one_skb", "a", 20]], [], []],
  ["what nothing counts", [["__udp4_lib_rcv", "a", 20]], [], ["DROPS_OTHER"]],
  [
    "what another namespace counts",
    [["__udp4_lib_rcv", "a", 20]],
    [["b", "UdpNoPorts", 20]],
    ["DROPS_OTHER"],
  ],
  [
    "what was on no device",
    [["udp_queue_rcv_one_skb", null, 20]],
    [["b", "UdpRcvbufErrors", 20]],
    ["DROPS_SOCKET_FULL"],
  ],
  [
    "a refused connection",
    [["tcp_v4_rcv", "a", 20, "unknown", "TCP_OPEN"]],
    [["a", "TcpOutRsts", 20]],
    ["DROPS_NO_SOCKET"],
  ],
  [
    "damage of a connection's data",
    [["tcp_v4_do_rcv", "a", 20, "unknown", "TCP_DATA"]],
    [["a", "TcpInCsumErrors", 20]],
    ["DROPS_CHECKSUM"],
  ],
  ["data after its connection had ended", [["tcp_v4_do_rcv", "a", 20, "unknown", "TCP_DATA"]], [], []],
  [
    "a listening socket without room",
    [["tcp_conn_request", "a", 20, "suspicious", "REASON", "TCP_LISTEN_OVERFLOW"]],
    [],
    ["DROPS_TCP_OPEN"],
  ],
  [
    "a closed port beside broadcasts that nobody takes",
    [
      ["__udp4_lib_rcv", "a", 20],
      ["__udp4_lib_rcv", "a", 100, "normal", "TO_MANY"],
    ],
    [["a", "UdpNoPorts", 20]],
    ["DROPS_NO_SOCKET"],
  ],
  [
    "a SYN that came twice, beside connections that were aborted",
    [["tcp_v4_rcv", "a", 20, "unknown", "TCP_OPEN"]],
    [
      ["a", "TcpOutRsts", 20],
      ["a", "TcpExtTCPAbortOnData", 18],
    ],
    [],
  ],
  ["a SYN that came twice", [["tcp_v4_rcv", "a", 20, "unknown", "TCP_OPEN"]], [["a", "TcpOutRsts", 3]], []],
])("%s is found by what its protocol counted", async (_, drops, counters, ids) => {
  expect(await found(drops, counters)).toEqual(ids);
});

test("a frame with another machine's MAC address is found by the rule that decided, where the kernel gives no reason", async () => {
  const frame: Drop = ["ip_rcv_core", "a", 20, "unknown", "OTHER_MACHINE"];
  expect(await found([frame], [], 20)).toEqual(["DROPS_WRONG_MAC"]);
  expect(await found([frame], [], 0)).toEqual([]);
});

test("what a namespace counted is held against all that it dropped there", async () => {
  const drops: Drop[] = ["eth0", "eth1", "eth2"].map(() => ["__udp4_lib_rcv", "a", 20]);
  const counted = async (change: number) => {
    const frame = await (await explained(drops, [["a", "UdpNoPorts", change]])).sql(
      "SELECT counted FROM this",
    );
    return frame.values.flat();
  };
  expect(await counted(20)).toEqual([null, null, null]);
  expect(await counted(30)).toEqual(["no port", "no port", "no port"]);
});
