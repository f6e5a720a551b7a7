import { expect, test } from "vitest";
import { parseRecord } from "../../lib/probes/engine/records.js";
import { dropSummary } from "../../probes/drop/index.js";
import { targetOf, tracepointOf } from "./target.js";

/** What bpftrace prints for two places in one function: it names them alike, and only the address tells them apart. */
const printed =
  '{"type": "map", "data": {"@counts": {"2,nfnetlink_rcv_batch,18446744071588513010,[0,0]": 2, "2,nfnetlink_rcv_batch,18446744071588513900,[0,0]": 5, "3,tcp_v4_rcv,18446744071588000000,[812151909,0]": 4}}}';

test("dropSummary adds up what one function drops in several places", () => {
  const tracepoint = tracepointOf(
    ["reason"],
    [
      [2, "NOT_SPECIFIED"],
      [3, "NO_SOCKET"],
    ],
  );
  const { definition } = dropSummary;
  const target = targetOf(definition.hooks, {
    tracepoints: new Map([["tracepoint:skb:kfree_skb", tracepoint]]),
  });
  const context = { target, parameters: definition.parameters.parse({}), unixTime: () => null, ended: null };
  const maps = new Map(
    parseRecord(printed).flatMap((record) =>
      record.type === "map" ? [[record.name, new Map(record.entries)] as const] : [],
    ),
  );
  const rows = definition.conclude?.(maps, context);
  expect(rows).toEqual([
    ["NOT_SPECIFIED", "nfnetlink_rcv_batch", null, 7],
    ["NO_SOCKET", "tcp_v4_rcv", "eth0", 4],
  ]);
});
