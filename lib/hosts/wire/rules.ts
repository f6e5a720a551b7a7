import type { StreamResult } from "./stream.js";

/** Where datagrams of a stream got lost. */
export type WireVerdict =
  | "NO_LOSS"
  | "PHYSICAL"
  | "SENDER_STACK"
  | "RECEIVER_STACK"
  | "IN_TRANSIT"
  | "UNSEEN";

/** What a counter grew by: of the sender's or the receiver's device, queue or protocol; null: it is not there, or unknown. */
export type Growth = (end: "sender" | "receiver", source: string, ...names: string[]) => bigint;

/** What a rule looked at, and what came of it. */
export interface RuleOutcome {
  verdict: WireVerdict;
  rule: string;
  /** Datagrams or packets that it counts. */
  counted: number;
  holds: boolean;
  evidence: string;
}

/** Loss below this is none, in percent. */
const negligiblePercent = 0.01;

/** The rules in their order; the first that holds is the verdict. */
export function judge(stream: StreamResult, planned: number, grew: Growth): RuleOutcome[] {
  const lost = planned - stream.distinct;
  const percent = (100 * lost) / planned;
  const damaged = Number(
    grew("receiver", "link", "rx_over_errors", "rx_crc_errors", "rx_missed_errors", "rx_fifo_errors"),
  );
  const txErrors = Number(
    grew("sender", "link", "tx_carrier_errors", "tx_aborted_errors", "tx_fifo_errors", "tx_dropped"),
  );
  const queued = Number(grew("sender", "qdisc", "drops"));
  const neverLeft = Math.max(0, planned - Number(grew("sender", "link", "tx_packets")));
  const dropped = Number(grew("receiver", "link", "rx_dropped"));
  const backlog = Number(grew("receiver", "softnet", "dropped"));
  const udp = Number(grew("receiver", "protocol", "UdpInErrors", "Udp6InErrors"));
  const neverArrived = Math.max(0, planned - Number(grew("receiver", "link", "rx_packets")) - neverLeft);
  const outcome = (
    verdict: WireVerdict,
    rule: string,
    counted: number,
    holds: boolean,
    evidence: string,
  ): RuleOutcome => ({ verdict, rule, counted, holds, evidence });
  return [
    outcome(
      "NO_LOSS",
      `less than ${negligiblePercent} % lost`,
      lost,
      percent < negligiblePercent,
      `${lost} of ${planned} lost: ${percent.toFixed(3)} %`,
    ),
    outcome(
      "PHYSICAL",
      "the receiver's NIC counts damaged or missed frames, at least half of the lost",
      damaged,
      damaged > 0 && damaged >= lost / 2,
      `rx over, crc, missed and fifo errors: ${damaged}`,
    ),
    outcome(
      "SENDER_STACK",
      "the sender's device or queue counts drops, the kernel refused datagrams, or fewer packets left than were sent",
      txErrors + queued + stream.refused + neverLeft,
      txErrors + queued + stream.refused + neverLeft > 0,
      `tx carrier, aborted, fifo errors and drops: ${txErrors}; queueing discipline: ${queued}; refused: ${stream.refused}; never left: at least ${neverLeft}`,
    ),
    outcome(
      "RECEIVER_STACK",
      "the receiver's device, backlog, UDP or socket counts drops",
      dropped + backlog + udp,
      dropped + backlog + udp > 0,
      `rx_dropped: ${dropped}; softnet: ${backlog}; UDP InErrors: ${udp}, of them for a full socket buffer: ${stream.overflow}`,
    ),
    outcome(
      "IN_TRANSIT",
      "they left, and the receiver's NIC received fewer packets: at least half of the lost never arrived",
      neverArrived,
      neverArrived > 0 && neverArrived >= lost / 2,
      `never arrived: at least ${neverArrived}`,
    ),
    outcome(
      "UNSEEN",
      "no counter moved",
      lost,
      true,
      "rules (nftables, tc, XDP) that count nothing, or other traffic that hides what is missing",
    ),
  ];
}
