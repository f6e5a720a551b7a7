import { oneOf } from "../options.js";
import { type TimeUnit, unitOf } from "../time.js";

/** How an axis of durations runs. */
export type Scale = "linear" | "log";

/** The durations of a figure: nanoseconds; null without any. */
export interface Durations {
  leastNs: number | null;
  medianNs: number | null;
  mostNs: number | null;
}

/** Above this many times the median, or the least, the longest squeezes the others on a linear axis. */
const manyTimes = { median: 20, least: 200 };

/** The axis as told, else logarithmic where a linear one would show little but the longest. */
export function scaleOf(
  figure: string,
  scale: Scale | undefined,
  { leastNs, medianNs, mostNs }: Durations,
): Scale {
  if (scale !== undefined) {
    oneOf(figure, "scale", scale, ["linear", "log"]);
    return scale;
  }
  const [least, median, most] = [leastNs ?? 0, medianNs ?? 0, mostNs ?? 0];
  const wide = most > manyTimes.median * median || most > manyTimes.least * least;
  return least > 0 && wide ? "log" : "linear";
}

/** An axis of durations, in the unit that fits the median. */
export function durationAxis(title: string, scale: Scale, unit: TimeUnit): object {
  return {
    title: { text: `${title} (${unit.name})` },
    exponentformat: "none",
    ...(scale === "log" ? { type: "log", minor: { ticks: "outside", ticklen: 3 } } : { rangemode: "tozero" }),
  };
}

export function durationUnit({ medianNs }: Durations): TimeUnit {
  return unitOf(medianNs ?? 1e6);
}
