import { bpftrace, defineProbe, Fragment, integer, type Probe } from "../../lib/probes/index.js";
import type { Column } from "../../lib/tables/index.js";
import { echoLegs, type PathCounter, packetLegs, pathCounters } from "./legs.js";
import { pathNotes } from "./notes.js";
import { PathFilter, type PathParameters } from "./parameters.js";
import {
  addressesOf,
  isLaterFragment,
  isMerged,
  packet,
  pathClauses,
  receiveHook,
  transmitHook,
} from "./program.js";

/** Packets that are followed at a time: those on their way, and those that got lost. The kernel sets memory aside for them on every CPU. */
const mostFollowed = 16_384;

const packets = (name: string, meaning: string): Column => ({
  name,
  type: "BIGINT",
  unit: "packets",
  meaning,
});
const time = (name: string, meaning: string, type: "BIGINT" | "DOUBLE" = "BIGINT"): Column => ({
  name,
  type,
  unit: "ns",
  meaning,
});
const bounds = (percent: number): Column[] => [
  time(
    `p${percent}_low_ns`,
    `${percent} % of the measured took at most this or somewhat more: the bound below`,
  ),
  time(`p${percent}_high_ns`, `${percent} % of the measured took at most this: the bound above`),
];

/**
 * Counts in the kernel what becomes of packets between two sides of a host: how many came in by `from`, how many of them were
 * handed to the driver of `to`, how many vanished in between, and how long it took; the same for what comes back. Nothing is sent per packet,
 * so it is cheap at any rate: look here first, then at {@link pathTrace} for single packets.
 *
 * With ICMP, four legs: `request inside` (in by `from`, out by `to`), `outside` (out by `to` until the reply comes in there), `reply inside` (in by `to`,
 * out by `from`), `total`. With TCP and UDP two: `there` and `back`; each packet stands for itself, a fragment too; with a filter of ports
 * later fragments, which have none, are counted nowhere.
 *
 * Parameters: see {@link PathParameters}. `src` and `dst` have to be such that all their packets that come in by `from` have to leave by `to`.
 *
 * Columns: `leg`; `packets_in`, `packets_out` (seen at the leg's beginning and at its end), `completed` (seen at both), `lost` (not seen at the end within
 * `timeoutMs`), `unfinished` (younger than that when the probe ended); `measured` (of the completed, those whose latency is certain), `min_ns`,
 * `avg_ns`, `max_ns`, and percentiles as true bounds, `p50_low_ns` to `p50_high_ns`, `p90_low_ns` to `p90_high_ns`, `p99_low_ns` to
 * `p99_high_ns`: buckets are powers of 2, narrowed by minimum and maximum. Counters of quality: `repeated` (came in while one with the same key was on its way: it counts, its latency doesn't; a repeated echo request completes
 * nothing), `unexpected` (seen at the end and not at the beginning: inside before the probe began, queued anew by a busy driver, or a piece of a packet that was
 * cut up), `unfollowed` (16,384 were on their way or lost already: in none of completed, lost, unfinished), `merged` (of the packets in, those that stand for several segments: GRO, TSO).
 *
 * Keys: ICMP addresses, identifier, sequence number; UDP addresses, ports, IP identification, fragment offset, length; TCP addresses, ports, sequence and
 * acknowledgement number, IP identification. What is cut up inside the host is known by its first piece. Packets whose addresses or ports are translated inside, or that are put into a tunnel,
 * are not known again and count as lost. Out is the handover to the driver: what a driver drops (a full ring of a virtual machine) shows in {@link dropSummary}.
 *
 * The kernel leaves a sighting out where an interrupt brings the packet in the middle of another BPF program on that CPU: single packets may then seem lost, or unexpected. A
 * note says how often that was, where the kernel counts it (from 6.7). It does not count all: a kernel of a microVM
 * (6.18) ran no BPF program on top of threads of its first process, uncounted. What {@link dropSummary} sees between the devices is another witness, though not free of the same.
 *
 * Errors: as for every probe, see {@link defineProbe}.
 *
 * @example await pathSummary(host, { from: "vnet1", to: "eth0", protocol: "ICMP", src: "198.51.100.11", dst: "203.0.113.30", seconds: 10 })
 */
export const pathSummary: Probe<PathParameters, "frame"> = defineProbe({
  name: "pathSummary",
  shape: "frame",
  revision: 1,
  measures:
    "packets that come in by one device and have to leave by another, counted in the kernel: lost between them, and latency",
  parameters: PathFilter,
  hooks: { required: [receiveHook, transmitHook] },
  columns: [
    { name: "leg", type: "VARCHAR", meaning: "part of the way" },
    packets("packets_in", "seen where the leg begins"),
    packets("packets_out", "seen where it ends"),
    packets("completed", "seen at both"),
    packets("lost", "not seen at its end within timeoutMs"),
    packets("unfinished", "not seen at its end yet, and younger than timeoutMs"),
    packets("measured", "of the completed, those whose latency is certain"),
    time("min_ns", "shortest"),
    time("avg_ns", "mean of the measured", "DOUBLE"),
    time("max_ns", "longest"),
    ...[50, 90, 99].flatMap(bounds),
    packets("repeated", "came in while one of the same key was on its way"),
    packets("unexpected", "seen at its end, not at its beginning"),
    packets("unfollowed", "no room to follow it: in none of completed, lost and unfinished"),
    packets("merged", "of packets_in, those that stand for several segments"),
  ],
  countMap: "@hits",
  mapKeys: mostFollowed,
  program(filter, target) {
    const [received, sent] = filter.protocol === "ICMP" ? echoActions(filter) : packetActions(filter);
    return pathClauses(filter, target, { received, sent });
  },
  decode: () => [],
  conclude(maps, { parameters, ended }) {
    const legs = parameters.protocol === "ICMP" ? echoLegs : packetLegs;
    return legs(maps, ended, BigInt(parameters.timeoutMs) * 1_000_000n);
  },
  notes: pathNotes,
});

/** Counts a sighting, then acts. */
function seen(action: Fragment): Fragment {
  return bpftrace`@matched = count(); @hits[$stage] = count();
          ${action}`;
}

/** Adds to a counter of what became of packets, by sighting. */
function count(what: PathCounter, packets = "(uint64)1", stage = "$stage"): Fragment {
  return new Fragment(`@counts[${pathCounters.indexOf(what)}, ${stage}] = sum(${packets});`);
}

const merged = bpftrace`if (${isMerged}) { ${count("merged")} }`;

/** Takes a leg's time from a variable. */
function measured(leg: string): Fragment {
  return new Fragment(
    `@latency[${leg}] = hist($ns); @min[${leg}] = min($ns); @max[${leg}] = max($ns); @sum[${leg}] = sum($ns);`,
  );
}

/**
 * Packets on their way by key: how many, when the last came in, whether there was ever more than one. Those of the same key can't be told
 * apart: their number is exact all the same, their latency isn't.
 */
function packetActions(filter: PathFilter): [Fragment, Fragment] {
  const timeout = integer(filter.timeoutMs * 1_000_000);
  const key = new Fragment(
    `${addressesOf(filter)}, $way << 32 | ${packet.ports}, ${packet.part} << 32 | ${packet.id}, ${packet.word} << 32 | ${packet.ack}`,
  );
  const received = bpftrace`${merged}
          $n = @on[${key}];
          if ($n > 0 && $now - @at[${key}] > ${timeout}) { ${count("late", "$n")} $n = (uint64)0; delete(@mixed[${key}]); }
          if ($n > 0) { ${count("repeated")} @mixed[${key}] = (uint64)1; }
          @on[${key}] = $n + 1;
          if (@on[${key}] == 0) { ${count("unfollowed")} } else { @at[${key}] = $now; }`;
  const sent = bpftrace`$n = @on[${key}];
          if ($n == 0) { ${count("unexpected")} } else {
            ${count("completed")}
            if (@mixed[${key}] == 0) { $ns = $now - @at[${key}]; ${measured("$stage")} }
            if ($n == 1) { delete(@on[${key}]); delete(@at[${key}]); delete(@mixed[${key}]); } else { @on[${key}] = $n - 1; }
          }`;
  const all = (action: Fragment) =>
    filter.srcPort === undefined && filter.dstPort === undefined
      ? seen(action)
      : bpftrace`if (!(${isLaterFragment})) { ${seen(action)} }`;
  return [all(received), all(sent)];
}

/** Exchanges by key: how many sightings they have, when the first and the last of these were. */
function echoActions(filter: PathFilter): [Fragment, Fragment] {
  const timeout = integer(filter.timeoutMs * 1_000_000);
  const key = new Fragment(`${addressesOf(filter)}, ${packet.word}`);
  const next = bpftrace`if (@on[${key}] != $stage) { ${count("unexpected")} } else {
            ${count("completed")}
            $ns = $now - @at[${key}]; ${measured("$stage")}
            if ($stage == 3) {
              $ns = $now - @since[${key}]; ${measured("4")}
              delete(@on[${key}]); delete(@at[${key}]); delete(@since[${key}]);
            } else { @on[${key}] = $stage + 1; @at[${key}] = $now; }
          }`;
  const received = bpftrace`if ($stage == 0) {
            $n = @on[${key}];
            if ($n > 0 && $now - @at[${key}] > ${timeout}) { ${count("late", "(uint64)1", "$n")} $n = (uint64)0; }
            if ($n > 0) { ${count("repeated")} } else {
              @on[${key}] = (uint64)1;
              if (@on[${key}] == 0) { ${count("unfollowed")} } else { @at[${key}] = $now; @since[${key}] = $now; }
            }
          } else { ${next} }`;
  const first = (action: Fragment) => bpftrace`if (!(${isLaterFragment})) { ${seen(action)} }`;
  return [first(received), first(next)];
}
