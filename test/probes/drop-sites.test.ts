import { expect, test } from "vitest";
import { dropSummary } from "../../lib/index.js";
import { parseRecord } from "../../lib/probes/bpftrace/records.js";

/** What bpftrace prints for two places in one function: it names them alike, and only the address tells them apart. */
const printed =
  '{"type": "map", "data": {"@drops": {"2,nfnetlink_rcv_batch,,18446744071588513010": 2, "2,nfnetlink_rcv_batch,,18446744071588513900": 5, "3,tcp_v4_rcv,eth0,18446744071588000000": 4}}}';

test("dropSummary adds up what one function drops in several places", () => {
  const symbols = new Map([
    [2, "NOT_SPECIFIED"],
    [3, "NO_SOCKET"],
  ]);
  const tracepoint = { fields: new Set(["reason"]), symbols };
  const target = {
    host: "lab",
    snapshot: {},
    hooks: new Map([["tracepoint:skb:kfree_skb", ["tracepoint:skb:kfree_skb"]]]),
    tracepoints: new Map([["tracepoint:skb:kfree_skb", tracepoint]]),
    structs: new Map(),
  };
  const context = { target, parameters: {}, unixTime: () => null };
  const rows = parseRecord(printed).flatMap((record) => dropSummary.definition.decode(record, context));
  expect(rows).toEqual([
    ["NOT_SPECIFIED", "nfnetlink_rcv_batch", null, 7],
    ["NO_SOCKET", "tcp_v4_rcv", "eth0", 4],
  ]);
});
