import { z } from "zod";
import { becomesReady, defineHistogram, joined, type Probe } from "../../lib/probes/index.js";
import type { EchoSummaryParameters } from "../parameters.js";
import {
  echoClauses,
  echoEndings,
  echoes,
  echoFilters,
  echoHooks,
  echoNotes,
  echoPlaces,
  moments,
  netnsParameter,
  unfinished,
} from "./echoes.js";

/**
 * Measures where the time of pings goes on the host that asks and on the one that answers, in the kernel: in its stack and queues on the way out, away from it, in its stack on the way in, or in its
 * answer. Nothing is sent per ping. It sees the pings that others send, and sends none itself.
 *
 * Parameters: see {@link EchoSummaryParameters}; `by`, any of role, asker, answerer (default role).
 *
 * Columns:
 * - `role` VARCHAR: asker: this host asked; answerer: this host was asked
 * - `interval` VARCHAR: stack_out: of those answered, until the driver was given it: of the asker the request, of the answerer
 *   the reply; away: of the asker, from there until the reply came in; stack_in: of the asker, from there until the stack had
 *   done with it; answer: of the answerer, from the request coming in until the reply was given to a device; total: of the asker,
 *   from the request's first device to the end of stack_in; of the answerer, from the request coming in to the end of stack_out;
 *   unanswered: no reply within timeoutMs: of the asker, none came in; of the answerer, none was made; unsent: not handed to a
 *   driver within timeoutMs: of the asker the request, of the answerer the reply; open: neither, and younger than timeoutMs at
 *   the end; unclear: answered, while another of the same addresses, identifier and sequence number was open; repeated: asked
 *   again with the same addresses, identifier and sequence number, while the first was open; strayed: its reply came in, and
 *   where that ended its memory had another packet; fragments: asked in fragments, which are not followed; unfollowed: asked, and
 *   there was no room to follow it; unexpected: a reply that nobody was seen to have asked for: asked before the probe began,
 *   answered twice, or passing through; forwarded: a request that came in and was sent on: it is in no other row
 * - `count` BIGINT: samples
 * - `total_ns` BIGINT, ns: sum of them; null where it isn't known
 * - `avg_ns` DOUBLE, ns: mean of them; null with their sum
 * - `p50_low_ns` BIGINT, ns: percentile 50: bound below
 * - `p50_high_ns` BIGINT, ns: percentile 50: bound above
 * - `p90_low_ns` BIGINT, ns: percentile 90: bound below
 * - `p90_high_ns` BIGINT, ns: percentile 90: bound above
 * - `p99_low_ns` BIGINT, ns: percentile 99: bound below
 * - `p99_high_ns` BIGINT, ns: percentile 99: bound above
 * - `p999_low_ns` BIGINT, ns: percentile 99.9: bound below
 * - `p999_high_ns` BIGINT, ns: percentile 99.9: bound above
 * - `max_low_ns` BIGINT, ns: the longest: bound below
 * - `max_high_ns` BIGINT, ns: the longest: bound above
 *
 * Of each role, the pings are in exactly one of these rows: for the asker `away`, for the answerer `total`, else `unanswered`, `unsent`, `open`, `unclear`, `repeated`, `fragments`, `unfollowed`; what they were asked altogether is the sum. `unexpected` and `forwarded`
 * are beside them. Of those `away`, what was taken is `stack_in` or `strayed`; `total` has those of which all is known. A ping that another one can't be told from has no time: it is `unclear`.
 *
 * `stack_out` ends when the driver of the last device is given the packet: behind queueing disciplines, bonds, VLANs, and Open vSwitch on the way out of an internal port. It begins when the first device is given it: what waits for the neighbour's address (ARP) waits before. `away` begins there
 * and ends when the first device has received the reply, with what both drivers and the CPU's softirq took. `stack_in` ends when the stack has given the reply to the program's socket, or dropped it, see {@link dropSummary}; when the program reads it is in none of these. A
 * request is for this host where its Ethernet address is the device's: one that a bridge takes for another address of its own counts from there on.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await echoSummary(host, { seconds: 10, answerer: "203.0.113.30" })
 */
export const echoSummary: Probe<EchoSummaryParameters, "frame"> = defineHistogram({
  name: "echoSummary",
  revision: 4,
  measures:
    "where the time of pings goes, at who asks and at who answers, as a distribution that the kernel keeps",
  hooks: echoHooks,
  mapKeys: 16_384,
  eachTick: becomesReady,
  filters: echoFilters,
  parameters: {
    timeoutMs: z
      .int()
      .min(1)
      .max(60_000)
      .default(1_000)
      .describe("a ping that has no reply after so many milliseconds is unanswered"),
    ...netnsParameter,
  },
  by: echoPlaces,
  usual: ["role"],
  intervals: {
    stack_out:
      "of those answered, until the driver was given it: of the asker the request, of the answerer the reply",
    away: "of the asker, from there until the reply came in",
    stack_in: "of the asker, from there until the stack had done with it",
    answer: "of the answerer, from the request coming in until the reply was given to a device",
    total:
      "of the asker, from the request's first device to the end of stack_in; of the answerer, from the request coming in to the end of stack_out",
  },
  untimed: echoEndings,
  rest: {
    map: echoes,
    read(key, value, { by, ended, parameters: { timeoutMs } }) {
      const { what, words } = unfinished(key, value, { ended, timeoutMs });
      return { what, words: by.flatMap((name) => words[name] ?? []) };
    },
  },
  program: (writing) => {
    const { sample, tally } = writing;
    const { asked, sent, received, wasAsked, queued, answered, now } = moments;
    return echoClauses(writing, writing.by.some((one) => one !== "role") ? "counts" : "nowhere", {
      received: (at) =>
        joined([sample(at, "stack_out", asked, sent), sample(at, "away", sent, received)], "\n  "),
      taken: (at) => joined([sample(at, "stack_in", received, now), sample(at, "total", asked, now)], "\n  "),
      replied: (at) => sample(at, "answer", wasAsked, queued),
      left: (at) =>
        joined([sample(at, "stack_out", queued, answered), sample(at, "total", wasAsked, answered)], "\n  "),
      counts: tally,
    });
  },
  notes: echoNotes,
});
