import { expect, test } from "vitest";
import { type Growth, judge, type WireVerdict } from "../../../lib/hosts/wire/rules.js";

const planned = 20_000;

interface Case {
  lost: number;
  refused?: number;
  /** What counters grew by, by `end source name`; all packets left and arrived where nothing is said of it. */
  counters?: Record<string, number>;
}

function verdictOf({ lost, refused = 0, counters = {} }: Case): WireVerdict {
  const all: Record<string, number> = {
    "sender link tx_packets": planned,
    "receiver link rx_packets": planned,
    ...counters,
  };
  const grew: Growth = (end, source, ...names) =>
    BigInt(names.reduce((sum, name) => sum + (all[`${end} ${source} ${name}`] ?? 0), 0));
  const distinct = planned - lost;
  const stream = {
    ...{ sent: planned - refused, refused, unreachable: 0, seconds: 10 },
    ...{ received: distinct, distinct, duplicates: 0, reordered: 0, overflow: 0, foreign: 0 },
  };
  return judge(stream, planned, grew).find(({ holds }) => holds)?.verdict as WireVerdict;
}

test.each<[string, Case, WireVerdict]>([
  ["nothing is lost", { lost: 0 }, "NO_LOSS"],
  [
    "less than 0.01 % is lost, whatever counters say",
    { lost: 1, counters: { "sender qdisc drops": 1 } },
    "NO_LOSS",
  ],
  ["0.01 % is a loss", { lost: 2 }, "UNSEEN"],
  [
    "half of the lost are damaged",
    { lost: 100, counters: { "receiver link rx_crc_errors": 50 } },
    "PHYSICAL",
  ],
  [
    "errors of all kinds add up",
    {
      lost: 100,
      counters: {
        "receiver link rx_over_errors": 20,
        "receiver link rx_missed_errors": 20,
        "receiver link rx_fifo_errors": 10,
      },
    },
    "PHYSICAL",
  ],
  ["fewer than half are damaged", { lost: 100, counters: { "receiver link rx_crc_errors": 49 } }, "UNSEEN"],
  [
    "damage comes before the stacks",
    {
      lost: 100,
      counters: {
        "receiver link rx_missed_errors": 60,
        "sender qdisc drops": 40,
        "receiver link rx_dropped": 40,
      },
    },
    "PHYSICAL",
  ],
  [
    "the sender's device counts errors",
    { lost: 100, counters: { "sender link tx_carrier_errors": 1 } },
    "SENDER_STACK",
  ],
  ["the sender's kernel refuses datagrams", { lost: 100, refused: 100 }, "SENDER_STACK"],
  [
    "fewer packets leave than were sent",
    { lost: 100, counters: { "sender link tx_packets": planned - 100 } },
    "SENDER_STACK",
  ],
  [
    "the sender's drops come before the receiver's",
    { lost: 100, counters: { "sender link tx_dropped": 10, "receiver link rx_dropped": 90 } },
    "SENDER_STACK",
  ],
  [
    "the receiver's device drops",
    { lost: 100, counters: { "receiver link rx_dropped": 1 } },
    "RECEIVER_STACK",
  ],
  [
    "the receiver's backlog is full",
    { lost: 100, counters: { "receiver softnet dropped": 100 } },
    "RECEIVER_STACK",
  ],
  [
    "the receiver's socket is full",
    { lost: 100, counters: { "receiver protocol UdpInErrors": 100 } },
    "RECEIVER_STACK",
  ],
  [
    "half of the lost never arrive",
    { lost: 100, counters: { "receiver link rx_packets": planned - 50 } },
    "IN_TRANSIT",
  ],
  [
    "fewer than half never arrive",
    { lost: 100, counters: { "receiver link rx_packets": planned - 49 } },
    "UNSEEN",
  ],
  [
    "what never left is not missed on its way",
    {
      lost: 100,
      counters: { "sender link tx_packets": planned - 100, "receiver link rx_packets": planned - 100 },
    },
    "SENDER_STACK",
  ],
])("%s", (_, one, verdict) => {
  expect(verdictOf(one)).toBe(verdict);
});
