import { type Capture, capture } from "../../lib/captures/index.js";
import type { Host } from "../../lib/hosts/index.js";
import type { Frame, Table } from "../../lib/tables/index.js";
import type { Part } from "../beside.js";
import { readLatencySummary, tcpEvents, tcpFlightSummary } from "../tcp/index.js";

/** Which connections are asked for, by either end. */
export interface Ends {
  src?: string;
  dst?: string;
  port?: number;
}

/** How long what looks on may take on top. */
const marginSeconds = 90;
/** A capture is short: what comes in its first seconds, headers alone. */
const short = { snapLength: 128, maxPackets: 50_000, maxBytes: 16 * 2 ** 20 };
const shortSeconds = 5;

/** Probes of the sender's segments and of the receiver's reads. */
export function probesOf(
  sender: Host,
  receiver: Host,
  ends: Ends,
  seconds: number,
): { retransmissions: Part<Table>; flight: Part<Frame>; unread: Part<Frame> } {
  const one = ends.dst ?? ends.src;
  const asked = {
    seconds: Math.min(3_600, seconds + marginSeconds),
    ...(one === undefined ? {} : { ip: one }),
    ...(ends.port === undefined ? {} : { port: ends.port }),
  };
  return {
    retransmissions: {
      name: `tcpEvents at the sender, ${sender.name},`,
      run: (during) => tcpEvents(sender, { ...asked, events: "retransmission", during }),
    },
    flight: {
      name: `tcpFlightSummary at the sender, ${sender.name},`,
      run: (during) => tcpFlightSummary(sender, { ...asked, during }),
    },
    unread: {
      name: `readLatencySummary at the receiver, ${receiver.name},`,
      run: (during) => readLatencySummary(receiver, { ...asked, by: ["flow", "process"], during }),
    },
  };
}

/** A short capture of each end, on all its interfaces. */
export function capturesOf(
  sender: Host,
  receiver: Host,
  ends: Ends,
  seconds: number,
  netns: { sender?: string | undefined; receiver?: string | undefined },
): Record<"sender" | "receiver", Part<Capture>> {
  const of = (address: string) => `${address.includes("/") ? "net" : "host"} ${address}`;
  const filter = [
    "tcp",
    ...[ends.src, ends.dst].flatMap((address) => (address === undefined ? [] : [of(address)])),
    ...(ends.port === undefined ? [] : [`port ${ends.port}`]),
  ].join(" and ");
  const part = (host: Host, end: "sender" | "receiver"): Part<Capture> => ({
    name: `the capture at the ${end}, ${host.name},`,
    run: (during) =>
      capture(host, {
        ...{ device: "any", filter, seconds: Math.min(shortSeconds, seconds), ...short, during },
        ...(netns[end] === undefined ? {} : { netns: netns[end] }),
      }),
  });
  return { sender: part(sender, "sender"), receiver: part(receiver, "receiver") };
}
