import type { Frame, Table } from "../../tables/index.js";
import { rankedSql } from "../ranked.js";
import { rowsOf } from "../rows.js";
import type { Timed } from "./source.js";

/** Which percentiles a figure tells in words. */
export const told = [0.5, 0.95, 0.99] as const;

/** Parts of all answers whose longest is looked up: each 200th, and finer where few take long. */
const parts = [...Array.from({ length: 200 }, (_, i) => i / 200), 0.999, 0.9999, 1];

/** A distribution of durations. */
export interface Curve {
  /** What was told apart; null for the many rare ones together. */
  name: string | null;
  answered: number;
  /** Had to be asked again: how long the answer took isn't known. */
  again: number;
  unanswered: number;
  /** Nanoseconds: the shortest, the longest, and the percentiles that are told. */
  leastNs: number;
  mostNs: number;
  toldNs: number[];
  /** Of the answers, which part took at most how long: steps. */
  steps: { ns: number; part: number }[];
}

/**
 * The distribution of each name's durations. A percentile is the shortest duration that at least this part of the answers took at most
 * (nearest rank), never a mean of two.
 */
export async function quantilesOf(table: Table | Frame, timed: Timed, name: string): Promise<Curve[]> {
  const list = [...told, ...parts].map((part) => `${part}::DOUBLE`).join(", ");
  const rows = await rowsOf(
    table,
    `
    ${rankedSql(name)}, measured AS (
      SELECT shown_rank, shown_series, count(${timed.rtt})::DOUBLE AS answered, count(${timed.waited})::DOUBLE AS again, (count(*) FILTER (${timed.unanswered}))::DOUBLE AS unanswered,
        min(${timed.rtt})::DOUBLE AS least, max(${timed.rtt})::DOUBLE AS most, quantile_disc(${timed.rtt}, [${list}]) AS quantiles
      FROM named GROUP BY shown_rank, shown_series
    )
    SELECT shown_series, answered, again, unanswered, least, most, quantiles FROM measured ORDER BY shown_rank`,
  );
  return rows.map(([name, answered, again, unanswered, least, most, json]) => {
    const quantiles = (JSON.parse(String(json ?? "[]")) ?? []) as number[];
    return {
      name: name as string | null,
      answered: Number(answered),
      again: Number(again),
      unanswered: Number(unanswered),
      leastNs: Number(least ?? 0),
      mostNs: Number(most ?? 0),
      toldNs: quantiles.slice(0, told.length),
      steps: stepsOf(quantiles.slice(told.length)),
    };
  });
}

/** The last part of each duration: where it repeats, the curve goes straight up. */
function stepsOf(quantiles: number[]): { ns: number; part: number }[] {
  const steps = quantiles.map((ns, i) => ({ ns, part: parts[i] ?? 1 }));
  return steps.filter(({ ns }, i) => i === 0 || ns !== steps[i + 1]?.ns);
}
