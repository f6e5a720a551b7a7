/** What a stream of samples said of itself. */
export interface Told {
  /** `kernel`, `ss`, settings by their path. */
  facts: { [name: string]: string };
  /** Samples with an end, by number. */
  samples: number;
  /** Ticks that passed until the last sample. */
  ticks: number;
  /** Samples in which `ss` failed. */
  failed: number;
  /** Longest time that one took, in milliseconds, to 10. */
  longestMs: number;
  firstNs: bigint | null;
  lastNs: bigint | null;
}

/** When a sample began: its number, the host's clock, and hundredths of a second since it booted. */
export interface Moment {
  sample: number;
  timeNs: bigint;
  uptime: number;
}

export const nothingTold = (): Told => ({
  ...{ facts: {}, samples: 0, ticks: 0, failed: 0, longestMs: 0, firstNs: null, lastNs: null },
});

/** The sampler says fewer facts, and shorter ones. */
const maxFacts = 100;
const maxFact = 1_000;

/** Takes a fact: its name and its words. */
export function tellFact({ facts }: Told, name: string, words: readonly string[]): void {
  if (Object.keys(facts).length < maxFacts && name.length <= maxFact)
    facts[name] = words.join(" ").slice(0, maxFact).replaceAll("\t", " ");
}

/** Reads the words of a line that begins a sample; null where it is none of the sampler's. */
export function momentOf([sample = "", time = "", uptime = ""]: readonly string[]): Moment | null {
  const known = /^\d{1,9}$/.test(sample) && /^[1-8]?\d{15,18}$/.test(time) && /^\d{1,11}$/.test(uptime);
  return known ? { sample: Number(sample), timeNs: BigInt(time), uptime: Number(uptime) } : null;
}

/** Takes the end of a sample: its exit code, and when that was. Says whether `ss` printed all of it, and the sample is a later one than those before. */
export function tellEnd(
  told: Told,
  { sample, timeNs, uptime }: Moment,
  [code, ended]: readonly string[],
): boolean {
  if (sample < told.ticks || !/^\d{1,11}$/.test(ended ?? "")) return false;
  told.ticks = sample + 1;
  told.longestMs = Math.max(told.longestMs, 10 * (Number(ended) - uptime));
  if (code !== "0") {
    told.failed += 1;
    return false;
  }
  told.samples += 1;
  told.firstNs ??= timeNs;
  told.lastNs = timeNs;
  return true;
}
