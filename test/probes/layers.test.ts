import { expect, test } from "vitest";
import {
  conntrackEvents,
  conntrackSummary,
  defragEvents,
  defragSummary,
  type ProbeDefinition,
  qdiscDrops,
  type Target,
} from "../../lib/index.js";
import { parseRecord } from "../../lib/probes/bpftrace/records.js";

const target: Target = {
  host: "lab",
  snapshot: { kernel: "6.1.0" },
  hooks: new Map(),
  tracepoints: new Map(),
  structs: new Map(),
};

type Definition = Pick<ProbeDefinition<never, "table" | "frame">, "decode">;

function rowsOf({ definition }: { definition: Definition }, line: string) {
  const context = { target, parameters: {} as never, unixTime: (nsecs: string) => BigInt(nsecs) };
  return parseRecord(line).flatMap((record) => definition.decode(record, context));
}

const map = (name: string, entries: Record<string, number>) =>
  JSON.stringify({ type: "map", data: { [name]: entries } });
const row = (fields: string) => JSON.stringify({ type: "printf", data: `row:\t${fields}\n` });

test("qdiscDrops: a discipline that drops and says success is a loss, and what drops comes first", () => {
  const printed = map("@codes", {
    "1,0,uplink0,netem": 100,
    "23,131072,uplink0,netem": 47,
    "23,0,uplink0,netem": 53,
    "0,0,uplink0,": 84,
    "1,-100,odd,name,noqueue": 2,
    "0,16,uplink0,": 1,
  });
  expect(rowsOf(qdiscDrops, printed)).toEqual([
    ["uplink0", "netem", "netem_enqueue", 131_072, "NET_XMIT_SUCCESS|__NET_XMIT_BYPASS", true, 47],
    ["odd,name", "noqueue", "__dev_queue_xmit", -100, "-ENETDOWN", true, 2],
    ["uplink0", "netem", "__dev_queue_xmit", 0, "NET_XMIT_SUCCESS", false, 100],
    ["uplink0", null, "net_dev_xmit", 0, "NETDEV_TX_OK", false, 84],
    ["uplink0", "netem", "netem_enqueue", 0, "NET_XMIT_SUCCESS", false, 53],
    ["uplink0", null, "net_dev_xmit", 16, "NETDEV_TX_BUSY", false, 1],
  ]);
});

test("conntrackSummary: invalid packets with the kernel's words, drops, and those of a zone of the switch", () => {
  const printed = map("@packets", {
    "0,0,1,-1,-1,-1,4,6,nf_ct_tcp: invalid tcp flag combination ": 5,
    "0,1,1,2,5,1,4,6,": 3,
    "1,0,0,2,0,-1,4,17,": 2,
    "0,0,1,7,-1,-1,0,2054,": 1,
  });
  expect(rowsOf(conntrackSummary, printed)).toEqual([
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
  const fields = ["12", 0, 0, 1, -1, -1, -1, -1, 3, "eth0", 4, "192.0.2.1", "192.0.2.2", 1, 40, 80, 6, 44];
  expect(rowsOf(conntrackEvents, row([...fields, "bad, very bad"].join("\t")))).toEqual([
    [
      ...[12n, "lookup", "netfilter", "ACCEPT", "INVALID", "bad, very bad", null, null, null, "eth0"],
      ...[4, "192.0.2.1", 40, "192.0.2.2", 80, "TCP", 44, 3],
    ],
  ]);
  const known = ["12", 1, 1, 1, 2, 5, 14, 3, 0, "eth0", 4, "192.0.2.1", "192.0.2.2", 0, 0, 0, 1, 84, ""];
  expect(rowsOf(conntrackEvents, row(known.join("\t")))[0]?.slice(1, 9)).toEqual([
    ...["confirm", "openvswitch", "ACCEPT", "NEW", null, 5, "SEEN_REPLY ASSURED CONFIRMED", "ESTABLISHED"],
  ]);
});

test("defragEvents: identifications in the order of the host, users with their zones, no place where there is none", () => {
  // 4711 is 0x1267; user 7 is connection tracking in zone 5.
  const fields = ["9", 0, 1, 4, 7, "192.0.2.1", "192.0.2.2", 0x6712, 17, 16, 32, 32, 1, "uplink0", ""];
  expect(rowsOf(defragEvents, row(fields.join("\t")))).toEqual([
    [
      ...[9n, "insert", "DUPLICATE", 4, "conntrack in", 5, "192.0.2.1", "192.0.2.2", 4711, "UDP"],
      ...[16, 32, 32, "uplink0", null, 1],
    ],
  ]);
  const six = ["9", 1, 0, 6, 0, "2001:db8::1", "2001:db8::2", 0x04030201, 0, -1, -1, 8, 0, "", ""];
  expect(rowsOf(defragEvents, row(six.join("\t")))).toEqual([
    [
      ...[9n, "expire", "EXPIRED", 6, "local delivery", null, "2001:db8::1", "2001:db8::2", 0x01020304, null],
      ...[null, null, 8, null, null, 0],
    ],
  ]);
});

test("defragSummary: what waits, what is whole, what is refused and what is given up", () => {
  const printed = map("@fragments", {
    "0,1,4,0,17": 2,
    "1,0,4,2,17": 4,
    "3,-115,4,0,0": 5,
    "3,0,4,0,0": 3,
    "3,-22,6,1,0": 1,
  });
  expect(rowsOf(defragSummary, printed)).toEqual([
    ["defragment", "-EINVAL", 6, "conntrack in", 0, null, 1],
    ["defragment", "COMPLETE", 4, "local delivery", null, null, 3],
    ["defragment", "WAITING", 4, "local delivery", null, null, 5],
    ["expire", "EXPIRED", 4, "conntrack in", 0, "UDP", 4],
    ["insert", "DUPLICATE", 4, "local delivery", null, "UDP", 2],
  ]);
});
