import ipaddr from "ipaddr.js";
import { shapingWord } from "./script.js";

/** The rate that a queueing discipline of the host holds packets to a peer to. */
export type Shaping = {
  /** Address of the peer. */
  peer: string;
  /** Device that packets to it leave by. */
  device: string;
  /** Kind of the queueing discipline: fq holds each connection to the rate, others all that leaves by the device. */
  qdisc: string;
  bitsPerSecond: number;
};

const powers = "KMGT";

/** tc's own text of a rate: 2500Kbit, 1Mibit. */
function bitsOf(text: string): number | null {
  const [, value, power = "", binary] = /^(\d{1,12})([KMGT]?)(i?)bit$/.exec(text) ?? [];
  if (value === undefined) return null;
  return Number(value) * (binary === "i" ? 1_024 : 1_000) ** (powers.indexOf(power || "-") + 1);
}

/** Rates in the sampler's facts, the lowest of each peer. Kinds with several rates, as one for each hardware queue, are left out: which of them holds is unknown. */
export function shapingOf(facts: { readonly [name: string]: string }): Shaping[] {
  return Object.entries(facts).flatMap(([name, text]) => {
    const [word, peer = ""] = name.split("/");
    if (word !== shapingWord || !ipaddr.isValid(peer)) return [];
    const [device = "", ...disciplines] = text.split(" ");
    const rates = disciplines.flatMap((discipline) => {
      const [qdisc = "", rate = ""] = discipline.split(":");
      const bitsPerSecond = bitsOf(rate);
      const known = /^[a-z_]{1,16}$/.test(qdisc) && /^[^\s/]{1,15}$/.test(device) && bitsPerSecond !== null;
      return known ? [{ peer, device, qdisc, bitsPerSecond }] : [];
    });
    const single = rates.filter(({ qdisc }) => rates.filter((other) => other.qdisc === qdisc).length === 1);
    return single.sort((a, b) => a.bitsPerSecond - b.bitsPerSecond).slice(0, 1);
  });
}

/** Whether a fact is one of these. */
export const isShaping = (name: string) => name.startsWith(`${shapingWord}/`);
