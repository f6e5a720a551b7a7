import type { Value } from "../tables/index.js";

/** How many bits a second one of a unit is; `ss` counts by thousands. */
const rates: { [unit: string]: number } = { "": 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** A whole number as `ss` prints it; null for anything else. */
export function whole(text: string | undefined): Value {
  if (text === undefined || !/^\d{1,20}$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** Bits per second: `228153976bps`, `3.2Gbps`, `831 Kbps`. */
export function bitsPerSecond(text: string | undefined): Value {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([KMGT]?)bps$/i.exec(text ?? "") ?? [];
  if (number === undefined || unit === undefined) return null;
  return Math.round(Number(number) * (rates[unit.toUpperCase()] as number));
}

/** Microseconds of a duration: in milliseconds where no unit is said, as `ss` has it; `250us`, `1.5 s`, `600ms`. */
export function microseconds(text: string | undefined): Value {
  const [, number, unit] = /^(\d+(?:\.\d+)?(?:e[+-]?\d+)?) ?(us|µs|ms|s|sec)?$/.exec(text ?? "") ?? [];
  if (number === undefined) return null;
  const each = unit === undefined || unit === "ms" ? 1e3 : unit === "us" || unit === "µs" ? 1 : 1e6;
  return Math.round(Number(number) * each);
}

/** Milliseconds of a timer, nothing where it is due: `200ms`, `1.200ms` (which is 1.2 s), `12sec`, `1min2.345ms`, `9min58sec`. */
export function timerMs(text: string | undefined): Value {
  const [all, minutes, seconds, rest, ms] =
    /^(?:(\d+)min)?(?:(\d+)(?:sec|\.(?=\d+ms)))?((\d{1,3})ms)?$/.exec(text ?? "?") ?? [];
  if (all === undefined) return null;
  return Number(minutes ?? 0) * 60_000 + Number(seconds ?? 0) * 1_000 + Number((rest && ms) ?? 0);
}
