import type { End } from "./clocks.js";
import type { Coverage } from "./coverage.js";
import type { LadderPacket } from "./packets.js";

/** What became of a packet between the two captures. */
export type Fate =
  /** Both captures have it; or there is one capture only. */
  | "arrived"
  /** Only the capture at its sender has it, though the other was running. */
  | "missing"
  /** Only the capture at its sender has it, and the other one was not running then. */
  | "uncovered"
  /** Only the capture at its receiver has it. */
  | "unsent"
  /** The other capture has its bytes in other packets. */
  | "cut"
  /** The same, but for some of them. */
  | "partly missing";

/** An arrow from its packet's time at one end to its time at the other, on the clock of the first capture. */
export interface Arrow {
  fate: Fate;
  kind: number;
  text: string;
  /** 0 is the client, 1 the server, 0.5 somewhere on the way. */
  from: number;
  to: number;
  sentNs: bigint;
  arrivedNs: bigint;
  frames: string;
}

const place = (side: End) => (side === "client" ? 0 : 1);

/** Arrows of one capture: level, since it knows one time of each packet. */
export function levelArrows(packets: LadderPacket[]): Arrow[] {
  return packets.flatMap((packet) => {
    const time = packet.hereNs;
    if (time === null) return [];
    const frames = `frame ${packet.hereFrame}`;
    if (packet.side === "client" || packet.side === "server") {
      const from = place(packet.side);
      return [
        { ...look(packet), fate: "arrived", from, to: 1 - from, sentNs: time, arrivedNs: time, frames },
      ];
    }
    return [tale(packet, time, frames)];
  });
}

function within(time: bigint, { startNs, endNs }: Coverage): boolean {
  return (startNs === null || time >= startNs) && (endNs === null || time <= endNs);
}

/** Where the two captures are, and how their times are compared. */
export interface Ends {
  /** The end that the first capture is at. */
  here: End;
  shiftNs: bigint;
  coverage: { here: Coverage; other: Coverage };
}

/** Arrows of two captures. A packet that is drawn as bytes of one before it has none of its own. */
export function slopingArrows(packets: LadderPacket[], ends: Ends): Arrow[] {
  return packets.flatMap((packet) => arrowOf(packet, ends));
}

function arrowOf(packet: LadderPacket, { here, shiftNs, coverage }: Ends): Arrow[] {
  const { side, hereNs, bytes, coveredBytes } = packet;
  const otherNs = packet.otherNs === null ? null : packet.otherNs + shiftNs;
  const frames = [
    ...(packet.hereFrame === null ? [] : [`frame ${packet.hereFrame}`]),
    ...(packet.otherFrame === null ? [] : [`frame ${packet.otherFrame} of the other capture`]),
  ].join(", ");
  if (side !== "client" && side !== "server") {
    const time = hereNs ?? otherNs;
    return time === null ? [] : [tale(packet, time, frames)];
  }
  const leaving = side === here;
  const [sentNs, arrivedNs] = leaving ? [hereNs, otherNs] : [otherNs, hereNs];
  const from = place(side);
  const base = { ...look(packet), from, to: 1 - from, frames };
  if (sentNs !== null && arrivedNs !== null) return [{ ...base, fate: "arrived", sentNs, arrivedNs }];
  if (sentNs !== null) {
    const lastNs = packet.coveredNs === null ? null : packet.coveredNs + (leaving ? shiftNs : 0n);
    if (lastNs !== null && coveredBytes >= bytes)
      return [{ ...base, fate: "cut", sentNs, arrivedNs: lastNs }];
    const lost = { ...base, to: 0.5, sentNs, arrivedNs: sentNs };
    if (lastNs !== null) {
      return [
        { ...lost, fate: "partly missing", text: `${packet.text} · ${bytes - coveredBytes} bytes missing` },
      ];
    }
    return [
      { ...lost, fate: within(sentNs, leaving ? coverage.other : coverage.here) ? "missing" : "uncovered" },
    ];
  }
  if (arrivedNs === null || coveredBytes > 0) return [];
  return [{ ...base, fate: "unsent", from: 0.5, sentNs: arrivedNs, arrivedNs }];
}

/** An ICMP error from somewhere on the way. */
function tale(packet: LadderPacket, time: bigint, frames: string): Arrow {
  const to = packet.side === "to client" ? 0 : 1;
  return { ...look(packet), fate: "arrived", from: 0.5, to, sentNs: time, arrivedNs: time, frames };
}

function look({ kind, text }: LadderPacket): { kind: number; text: string } {
  return { kind, text };
}
