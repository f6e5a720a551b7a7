import { z } from "zod";
import {
  type Bpf,
  becomesReady,
  bpf,
  defineRows,
  type Field,
  field,
  fields,
  type HookAt,
  joined,
  numbers,
  type Probe,
  type RowsWriting,
} from "../../lib/probes/index.js";
import type { EchoTraceParameters } from "../parameters.js";
import {
  addressFields,
  echoClauses,
  echoFilters,
  echoHooks,
  echoNotes,
  echoWord,
  moments,
  netnsParameter,
  readAddresses,
  roleField,
} from "./echoes.js";

const times = {
  out: bpf`$out_ns`,
  away: bpf`$away_ns`,
  in: bpf`$in_ns`,
  answer: bpf`$answer_ns`,
  whole: bpf`$whole_ns`,
};

const ns = (name: string, meaning: string, word: Bpf, of?: "asker" | "answerer"): Field => {
  const own = of === undefined ? bpf`1` : bpf`$role == ${of === "asker" ? 0 : 1}`;
  return field({
    name,
    type: "BIGINT",
    unit: "ns",
    meaning,
    // 0 is a time, too.
    say: () => (of === undefined ? word : bpf`(${own} ? ${word} + 1 : 0)`),
    read: ([value = "0"]) => (of === undefined ? Number(value) : value === "0" ? null : Number(value) - 1),
  });
};

/**
 * Shows pings that were answered, one row each, with where their time went: at the host that asked and at the one that was asked; see {@link echoSummary}, which counts all of them, and those without an answer. Sees the pings
 * that others send, and sends none itself.
 *
 * Parameters: see {@link EchoTraceParameters}.
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `role` VARCHAR: asker: this host asked; answerer: this host was asked
 * - `asker` VARCHAR: address of who asks
 * - `answerer` VARCHAR: address of who is asked
 * - `echo_id` INTEGER: identifier of the ping
 * - `echo_seq` INTEGER: its sequence number
 * - `stack_out_ns` BIGINT, ns: until the driver was given it: of the asker the request, of the answerer the reply
 * - `away_ns` BIGINT, ns: from there until the reply came in; null: of the answerer
 * - `stack_in_ns` BIGINT, ns: from there until the stack had done with it; null: of the answerer
 * - `answer_ns` BIGINT, ns: from the request coming in until the reply was given to a device; null: of the asker
 * - `total_ns` BIGINT, ns: all of it
 * - `cpu` INTEGER: CPU that it was over on
 *
 * `time_ns` is when it was over. What `stack_out_ns`, `away_ns`, `stack_in_ns` and `answer_ns` are is told at {@link echoSummary}; a ping that another one can't be told from has no row.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await echoTrace(host, { seconds: 10, answerer: "203.0.113.30", slowerThanUs: 5_000 })
 */
export const echoTrace: Probe<EchoTraceParameters, "table"> = defineRows({
  name: "echoTrace",
  revision: 4,
  measures: "pings that were answered, one row each, with where their time went",
  hooks: echoHooks,
  summary: "echoSummary",
  mapKeys: 16_384,
  eachTick: becomesReady,
  filters: echoFilters,
  parameters: {
    slowerThanUs: z
      .int()
      .min(0)
      .max(60_000_000)
      .default(0)
      .describe("pings that took so long or longer altogether, in microseconds"),
    timeoutMs: z
      .int()
      .min(1)
      .max(60_000)
      .default(1_000)
      .describe("one of the same addresses, identifier and sequence number is another ping after so long"),
    ...netnsParameter,
  },
  fields: [
    roleField,
    ...addressFields,
    fields({
      columns: [
        { name: "echo_id", type: "INTEGER", meaning: "identifier of the ping" },
        { name: "echo_seq", type: "INTEGER", meaning: "its sequence number" },
      ],
      words: numbers(1),
      say: () => [echoWord],
      read: ([word = "0"]) => [Number(BigInt(word) & 0xffffn), Number((BigInt(word) >> 16n) & 0xffffn)],
    }),
    ns(
      "stack_out_ns",
      "until the driver was given it: of the asker the request, of the answerer the reply",
      times.out,
    ),
    ns("away_ns", "from there until the reply came in; null: of the answerer", times.away, "asker"),
    ns(
      "stack_in_ns",
      "from there until the stack had done with it; null: of the answerer",
      times.in,
      "asker",
    ),
    ns(
      "answer_ns",
      "from the request coming in until the reply was given to a device; null: of the asker",
      times.answer,
      "answerer",
    ),
    ns("total_ns", "all of it", times.whole),
    field({ name: "cpu", type: "INTEGER", meaning: "CPU that it was over on", say: () => bpf`cpu` }),
  ],
  program: (writing) => {
    const { asked, sent, received, wasAsked, queued, answered, now } = moments;
    return echoClauses(writing, "rows", {
      received: () => bpf``,
      taken: (at) =>
        row(writing, at, {
          out: [asked, sent],
          away: [sent, received],
          in: [received, now],
          whole: [asked, now],
        }),
      replied: () => bpf``,
      left: (at) =>
        row(writing, at, {
          answer: [wasAsked, queued],
          out: [queued, answered],
          whole: [wasAsked, answered],
        }),
      counts: (at, what) => (what === "unfollowed" ? writing.misses(at) : bpf``),
    });
  },
  notes: echoNotes,
});

/** A row with these parts, each from a moment to a later one; none where clocks of two CPUs don't agree. */
function row(
  { emit, parameters }: RowsWriting<{ slowerThanUs: number }>,
  at: HookAt,
  parts: { [Part in keyof typeof times]?: readonly [began: Bpf, ended: Bpf] },
): Bpf {
  const negative = Object.values(parts).map(([began, ended]) => bpf`${ended} < ${began}`);
  const set = (Object.keys(times) as (keyof typeof times)[]).map((part) => {
    const [began, ended] = parts[part] ?? [];
    return bpf`${times[part]} = ${began === undefined || ended === undefined ? 0 : bpf`${ended} - ${began}`};`;
  });
  return bpf`if (${joined(negative, " || ")}) { return; }
  ${joined(set, " ")}
  if (${times.whole} < ${parameters.slowerThanUs * 1_000}) { return; }
  ${readAddresses}
  ${emit(at)}`;
}
