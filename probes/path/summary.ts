import {
  type Bpf,
  bpf,
  defineStages,
  forgetSides,
  ipVersion,
  isAddress,
  type Probe,
  packet,
  whenMerged,
} from "../../lib/probes/index.js";
import type { PathSummaryParameters } from "../parameters.js";
import { pathNotes } from "./notes.js";
import { checkPath, type PathFilter, pathParameters } from "./parameters.js";
import { isLater, pathClauses, pathHooks } from "./path.js";

/**
 * Counts in the kernel what becomes of packets between two sides of a host: how many came in by `from`, how many of them were
 * handed to the driver of `to`, how many vanished in between, and how long it took; the same for what comes back. Nothing is sent per packet,
 * so it is cheap at any rate: look here first, then at {@link pathTrace} for single packets.
 *
 * With ICMP, four legs: `request inside` (in by `from`, out by `to`), `outside` (out by `to` until the reply comes in there), `reply inside` (in by `to`,
 * out by `from`), `total`. With TCP and UDP two: `there` and `back`; each packet stands for itself, a fragment too; with a filter of ports
 * later fragments, which have none, are counted nowhere.
 *
 * Parameters: see {@link PathSummaryParameters}. `src` and `dst` have to be such that all their packets that come in by `from` have to leave by `to`.
 *
 * Columns:
 * - `leg` VARCHAR: part of the way
 * - `packets_in` BIGINT, packets: seen where the leg begins
 * - `packets_out` BIGINT, packets: seen where it ends
 * - `completed` BIGINT, packets: seen at both
 * - `lost` BIGINT, packets: not seen at its end within timeoutMs
 * - `unfinished` BIGINT, packets: not seen at its end yet, and younger than timeoutMs
 * - `measured` BIGINT, packets: of the completed, those whose latency is certain
 * - `min_ns` BIGINT, ns: none took less: the shortest, or its bound below
 * - `avg_ns` DOUBLE, ns: mean of the measured
 * - `max_ns` BIGINT, ns: none took longer: the longest, or its bound above
 * - `p50_low_ns` BIGINT, ns: 50 % of the measured took at most this or somewhat more: the bound below
 * - `p50_high_ns` BIGINT, ns: 50 % of the measured took at most this: the bound above
 * - `p90_low_ns` BIGINT, ns: 90 % of the measured took at most this or somewhat more: the bound below
 * - `p90_high_ns` BIGINT, ns: 90 % of the measured took at most this: the bound above
 * - `p99_low_ns` BIGINT, ns: 99 % of the measured took at most this or somewhat more: the bound below
 * - `p99_high_ns` BIGINT, ns: 99 % of the measured took at most this: the bound above
 * - `repeated` BIGINT, packets: came in while one of the same key was on its way
 * - `unexpected` BIGINT, packets: seen at its end, not at its beginning
 * - `unfollowed` BIGINT, packets: no room to follow it: in none of completed, lost and unfinished
 * - `merged` BIGINT, packets: of packets_in, those that stand for several segments
 *
 * Percentiles are true bounds: buckets are a quarter of an octave, narrowed by minimum and maximum. With ICMP `min_ns` and `max_ns` are the shortest and the longest themselves; with TCP and UDP, of which there are many more, they are
 * where these are alone in their buckets, else less than a quarter of an octave off. A `repeated` echo request completes nothing; `unexpected` are also
 * packets that were inside before the probe began, that a busy driver queued anew, or pieces of a packet that was cut up; `unfollowed` are in none of completed, lost, unfinished.
 *
 * Keys: ICMP addresses, identifier, sequence number; UDP addresses, ports, IP identification, fragment offset, length; TCP addresses, ports, sequence and
 * acknowledgement number, IP identification. What is cut up inside the host is known by its first piece. Packets whose addresses or ports are translated inside, or that are put into a tunnel,
 * are not known again and count as lost. Out is the handover to the driver: what a driver drops (a full ring of a virtual machine) shows in {@link dropSummary}.
 *
 * The kernel leaves a sighting out where an interrupt brings the packet in the middle of another BPF program on that CPU: single packets may then seem lost, or unexpected. A
 * note says how often that was, where the kernel counts it (from 6.7). It does not count all: a kernel of a microVM
 * (6.18) ran no BPF program on top of threads of its first process, uncounted. What {@link dropSummary} sees between the devices is another witness, though not free of the same.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await pathSummary(host, { from: "vnet1", to: "eth0", protocol: "ICMP", src: "198.51.100.11", dst: "203.0.113.30", seconds: 10 })
 */
export const pathSummary: Probe<PathSummaryParameters, "frame"> = defineStages({
  name: "pathSummary",
  revision: 3,
  measures:
    "packets that come in by one device and have to leave by another, counted in the kernel: lost between them, and latency",
  hooks: pathHooks,
  parameters: pathParameters,
  check: checkPath,
  follows: ({ protocol }) => (protocol === "ICMP" ? "exchange" : "each"),
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  mapKeys: 16_384,
  eachTick: forgetSides,
  program: (writing) => {
    const { parameters, begins, ends, steps, merged } = writing;
    if (parameters.protocol === "ICMP") {
      const key = echoKey(parameters);
      const first = bpf`if (${isLater}) { return; }`;
      const byWay = (there: 0 | 1, back: 2 | 3) =>
        bpf`${first}
  if ($way == 1) { ${steps(there, key)} } else { ${steps(back, key)} }`;
      return pathClauses(writing, { received: () => byWay(0, 2), sent: () => byWay(1, 3) });
    }
    const key = packetKey(parameters);
    const portless =
      parameters.srcPort === undefined && parameters.dstPort === undefined
        ? bpf``
        : bpf`if (${isLater}) { return; }
  `;
    return pathClauses(writing, {
      received: (at) => bpf`${portless}${whenMerged(at, merged)}
  ${begins(key)}`,
      sent: () => bpf`${portless}${ends(key)}`,
    });
  },
  notes: pathNotes,
});

/** What tells a packet from others on the same way. IPv6 has an identification of 32 bits, and in fragments alone. */
function packetKey({ protocol, src, dst }: PathFilter): Bpf[] {
  const ports = bpf`${packet.fragment} << 32 | ${packet.srcPort} << 16 | ${packet.dstPort}`;
  const [isTcp, isIpv4] = [protocol === "TCP", ipVersion(src) === 4];
  const sequence = bpf`${packet.seq} << 32 | ${packet.ack}`;
  return [
    isIpv4 ? bpf`${packet.id} << 48 | ${ports}` : ports,
    ...(isIpv4
      ? [isTcp ? sequence : packet.length]
      : isTcp
        ? [packet.id, sequence]
        : [bpf`${packet.id} << 32 | ${packet.length}`]),
    ...addresses({ src, dst }),
  ];
}

/** Words of the addresses; none where the filter has one on either side, so that the way tells them. */
function addresses({ src, dst }: Pick<PathFilter, "src" | "dst">): Bpf[] {
  if (isAddress(src) && isAddress(dst)) return [];
  if (ipVersion(src) === 4) return [bpf`${packet.src.low} << 32 | ${packet.dst.low}`];
  return [packet.src.high, packet.src.low, packet.dst.high, packet.dst.low];
}

/** What a request and its reply have in common: addresses as the request has them, identifier and sequence number (RFC 792, RFC 4443). */
function echoKey({ src, dst }: PathFilter): Bpf[] {
  const echo = bpf`${packet.icmp} >> 16 & 0xffffffff`;
  const asked = (there: Bpf, back: Bpf) => bpf`$way == 1 ? ${there} : ${back}`;
  const [from, to] = [packet.src, packet.dst];
  if (isAddress(src) && isAddress(dst)) return [echo];
  if (ipVersion(src) === 4) {
    return [bpf`${asked(bpf`${from.low} << 32 | ${to.low}`, bpf`${to.low} << 32 | ${from.low}`)}`, echo];
  }
  return [
    asked(from.high, to.high),
    asked(from.low, to.low),
    asked(to.high, from.high),
    asked(to.low, from.low),
    echo,
  ];
}
