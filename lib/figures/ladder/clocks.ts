import { approximately } from "../time.js";

/** What the times of packets that both captures have say of the two clocks. Differences are the other's time less the first's. */
export interface Differences {
  /** Packets that the client sent, and that the server sent. */
  client: Way;
  server: Way;
}

interface Way {
  packets: number;
  leastNs: bigint | null;
  mostNs: bigint | null;
  medianNs: bigint | null;
  /** Hops from the first capture to the other, by the time to live; null where it is unknown. */
  hops: number | null;
}

export type End = "client" | "server";

/**
 * Which end the first capture is nearer to: the difference of the two ways is the round trip between the captures, whatever the clocks say,
 * and it is negative where the ends are the other way around. With one way only, the time to live tells; else null.
 */
export function endOf({ client, server }: Differences): End | null {
  if (client.medianNs !== null && server.medianNs !== null && client.medianNs !== server.medianNs) {
    return client.medianNs > server.medianNs ? "client" : "server";
  }
  const hops = client.hops ?? (server.hops === null ? null : -server.hops);
  if (hops === null || hops === 0) return null;
  return hops > 0 ? "client" : "server";
}

/** What has to be added to the other's times, so that no packet arrives before it was sent: at least and at most. */
export interface Bounds {
  leastNs: bigint | null;
  mostNs: bigint | null;
}

export function boundsOf(differences: Differences, end: End): Bounds {
  const sent = differences[end];
  const received = differences[end === "client" ? "server" : "client"];
  return {
    leastNs: sent.leastNs === null ? null : -sent.leastNs,
    mostNs: received.mostNs === null ? null : -received.mostNs,
  };
}

/** How the other's times are put on the first's clock, and what a reader must know of it. */
export interface Shift {
  ns: bigint;
  facts: string[];
  warnings: string[];
}

/** What the caller knows of the two clocks. */
export interface Known {
  offsetNs: bigint | undefined;
  errorNs: bigint | undefined;
}

/** "−5.4951 s ± 5 ms": an offset with one digit more than its error leaves sure. */
function offsetText(ns: bigint, errorNs: bigint | undefined): string {
  const sign = ns < 0n ? "−" : "+";
  const size = ns < 0n ? -ns : ns;
  const digits = errorNs === undefined ? 9 : Math.min(9, Math.max(0, 11 - String(errorNs).length));
  const error = errorNs === undefined ? "" : ` ± ${approximately(Number(errorNs))}`;
  return `${sign}${(Number(size / 1_000_000_000n) + Number(size % 1_000_000_000n) / 1e9).toFixed(digits)} s${error}`;
}

export function shiftOf({ leastNs, mostNs }: Bounds, { offsetNs, errorNs }: Known): Shift {
  const round = leastNs === null || mostNs === null || leastNs > mostNs ? null : mostNs - leastNs;
  const facts =
    round === null
      ? []
      : [`round trip between the captures at least ${approximately(Number(round))}, whatever the clocks say`];
  if (offsetNs === undefined) return { ...guessed({ leastNs, mostNs }), facts };
  const early = leastNs !== null && offsetNs < leastNs ? leastNs - offsetNs : 0n;
  const late = mostNs !== null && offsetNs > mostNs ? offsetNs - mostNs : 0n;
  const wrong = early > late ? early : late;
  const warnings: string[] = [];
  if (errorNs === undefined) warnings.push("slopes unsure: the error of the clock offset isn't given");
  if (wrong > (errorNs ?? 0n)) {
    warnings.push(
      "packets arrive before they are sent",
      `the clock offset is wrong by ${approximately(Number(wrong))} or more, or a clock drifts`,
    );
  } else if (round !== null && errorNs !== undefined && 2n * errorNs >= round) {
    warnings.push("slopes unsure: the clock error is no less than half the round trip");
  }
  return {
    ns: offsetNs,
    facts: [...facts, `other clock corrected by ${offsetText(offsetNs, errorNs)}`],
    warnings,
  };
}

/** Without an offset, what causality leaves open: in its middle, both ways take equally long. */
function guessed({ leastNs, mostNs }: Bounds): Omit<Shift, "facts"> {
  const unsure = "slopes unsure: the offset of the two clocks isn't known";
  if (leastNs === null || mostNs === null) {
    const bound = leastNs ?? mostNs;
    if (bound === null) return { ns: 0n, warnings: [unsure, "nor bounded: no packet is in both captures"] };
    return { ns: bound, warnings: [unsure, "drawn as if the fastest packet took no time"] };
  }
  const middle = (leastNs + mostNs) / 2n;
  if (leastNs > mostNs)
    return { ns: middle, warnings: [unsure, "no offset fits all packets: a clock drifts"] };
  const range = offsetText(middle, (mostNs - leastNs) / 2n);
  return {
    ns: middle,
    warnings: [
      unsure,
      `since no packet arrives before it is sent, it is ${range}`,
      "drawn as if both ways took equally long",
    ],
  };
}
