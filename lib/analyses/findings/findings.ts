import type { Capture, TrafficFilter } from "../../captures/index.js";
import { evaluate, type Findings, type ThresholdsOf } from "../../findings/index.js";
import { dnsRules } from "../dns/index.js";
import { icmpRules } from "../icmp/index.js";
import { doubtsAbout } from "../subject/index.js";
import { captureRules, packetRules } from "../summary/index.js";
import { tcpRules } from "../tcp/index.js";
import { datagramRules, dhcpRules } from "../udp/index.js";
import { doubtsOf } from "./doubts.js";

const own = {
  ...captureRules,
  ...tcpRules,
  ...dnsRules,
  ...dhcpRules,
  ...icmpRules,
  ...datagramRules,
  ...packetRules,
};

/** What rules of TCP rest on, beside what they say themselves. */
const grounds: { [id in keyof typeof tcpRules]?: Parameters<typeof doubtsAbout> } = {
  TCP_SYN_REPEATED: ["repetition"],
  TCP_RESENT: ["repetition"],
  TCP_BURST: ["repetition"],
  TCP_SPURIOUS: ["repetition"],
  TCP_TIMEOUTS: ["repetition", "time"],
  TCP_DUPLICATE_ACKS: ["repetition"],
  TCP_SLOW_PATH: ["time"],
  TCP_SLOW_SERVER: ["time"],
  TCP_STALLED: ["time"],
};
const more = (id: string) => doubtsAbout(...(grounds[id as keyof typeof tcpRules] ?? []));

/** In the order in which findings of one severity are listed. */
export const rules = Object.fromEntries(
  Object.entries(own).map(([id, rule]) => [
    id,
    { ...rule, doubts: [...new Set([...rule.doubts, ...more(id)])] },
  ]),
) as unknown as typeof own;

/** Ids of the rules that {@link findings} has. */
export type CaptureRule = keyof typeof rules;

/** What {@link findings} looks for, and where. */
export interface FindingsOptions extends TrafficFilter {
  /** Thresholds in place of the rules' own: `{ TCP_RESENT: { percent: 0.1 } }`. A finding shows the ones it was held against. */
  thresholds?: ThresholdsOf<typeof rules>;
  /** Only these rules. Default: all. */
  only?: CaptureRule[];
}

/**
 * Diagnoses a capture: TCP that is lost, slow, stalled, refused or reset, DNS, DHCP, pings, ICMP errors, fragments. What the capture itself
 * gets wrong (copies, packets that it lost, one direction only, damage) comes first, and casts doubt on the rows of evidence that it may
 * explain: a finding with none but such rows is INFO and `certain` is false. Copies of packets are no evidence at all.
 *
 * Every finding has a severity, the worst row's verdict, the thresholds, causes, advice, a call to see for oneself, and its evidence as a
 * Frame: `(await findings(cap)).get("TCP_RESENT").evidence`. `.checked` has all rules, also those that found nothing.
 *
 * @param options which conversations, rules and thresholds. Default: all conversations, all rules.
 * @throws SkbookError as `flows` does; `BAD_PARAMETER` for a rule or threshold that doesn't exist.
 * @example await findings(await openCapture("slow.pcap"), { thresholds: { TCP_SLOW_SERVER: { waitMs: 200 } } })
 */
export async function findings(capture: Capture, options: FindingsOptions = {}): Promise<Findings> {
  const { thresholds = {}, only, ...filter } = options;
  const subject = { capture, filter };
  return evaluate({
    name: "findings",
    subject,
    rules,
    choice: { thresholds: thresholds as Record<string, Record<string, number>>, only },
    doubts: () => doubtsOf(subject),
  });
}
