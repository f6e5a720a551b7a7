import type { Column, Value } from "../../../tables/index.js";
import { type Samples, sampleColumns, sampleValues } from "../histogram/index.js";

/** What is known of one leg. */
export interface LegFacts {
  name: string;
  in: number;
  out: number;
  completed: number;
  lost: number;
  unfinished: number;
  samples: Samples | undefined;
  repeated: number;
  unexpected: number;
  unfollowed: number;
  merged: number;
}

/** Columns of a leg between two stages. */
export const legColumns: readonly Column[] = [
  { name: "leg", type: "VARCHAR", meaning: "part of the way" },
  packets("packets_in", "seen where the leg begins"),
  packets("packets_out", "seen where it ends"),
  packets("completed", "seen at both"),
  packets("lost", "not seen at its end within timeoutMs"),
  packets("unfinished", "not seen at its end yet, and younger than timeoutMs"),
  packets("measured", "of the completed, those whose latency is certain"),
  ...sampleColumns,
  packets("repeated", "came in while one of the same key was on its way"),
  packets("unexpected", "seen at its end, not at its beginning"),
  packets("unfollowed", "no room to follow it: in none of completed, lost and unfinished"),
  packets("merged", "of packets_in, those that stand for several segments"),
];

export function legRow(leg: LegFacts): Value[] {
  return [
    ...[leg.name, leg.in, leg.out, leg.completed, leg.lost, leg.unfinished, leg.samples?.count ?? 0],
    ...sampleValues(leg.samples),
    ...[leg.repeated, leg.unexpected, leg.unfollowed, leg.merged],
  ];
}

function packets(name: string, meaning: string): Column {
  return { name, type: "BIGINT", unit: "packets", meaning };
}
