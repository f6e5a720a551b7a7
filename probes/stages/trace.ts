import { z } from "zod";
import {
  addressOf,
  type Bpf,
  BpfMap,
  bpf,
  defineRows,
  type Field,
  Following,
  field,
  fields,
  forgetSides,
  type HookAt,
  joined,
  type Numbers,
  numberOf,
  numbers,
  type Probe,
  protocolName,
  readAt,
  type Taking,
} from "../../lib/probes/index.js";
import type { Column, Value } from "../../lib/tables/index.js";
import type { StageTraceParameters } from "../parameters.js";
import { stageClauses } from "./clauses.js";
import { stageNotes } from "./notes.js";
import { checkStages, stageFilters, stageParameters } from "./parameters.js";
import { stage, stageHooks, stageNames, transmitHook, transportIn } from "./stages.js";

// By the packet's number and the stage: when that packet was first seen, which tells it from an earlier one of the same number, and the time that it took to get to the stage from the one before, of
// all its visits. Nothing is deleted: a number is used again after 4,096 packets.
const times = new BpfMap("t", false, 16);
const next = new BpfMap("next", false);
/** Numbers are used again behind it. */
const maxNumber = 4_095;
/** In place of a stage: whose number it is. */
const owner = 31;

/** Where packets of the host itself begin, no time leads to. */
const reached = stageNames.filter((name) => name !== "stack_out");
/**
 * Two stages in a word, 32 bits each: a printed row has room for so many. Their times in steps of 32 ns, plus 2; 1 for a stage that was not passed. A half is never 0, and a word always less than it could be: the verifier
 * of Linux 6.1 keeps a zero, a number with bounds and one without apart where it is put on the stack, and would follow each way to have some of these in 16 halves.
 */
const [stepBits, notPassed, halfMask] = [5, 1, 0x7fff_ffff];
/** Times that a half has no room for belong to packets that took longer than this altogether, in bits: 68 s. */
const longestBits = stepBits + 31;
const words = Array.from({ length: Math.ceil(reached.length / 2) }, (_, index) => bpf`$two${index}`);

/**
 * By CPU, what has just gone out late: how long it took, its number with flags, when it came in, the words that it is known by, and where its network header is. Another clause of the same hook tells it, which has a stack of its
 * own: both would need more than the 512 bytes that a program has. No other packet gets in between, since softirqs don't run meanwhile.
 */
const late = new BpfMap("late", false, 56);
const it = bpf`$late`;
const known = { whole: bpf`$late.0`, number: bpf`($late.1 >> 8 & ${maxNumber})`, first: bpf`$late.2` };
const [a, b, c, net] = [bpf`$late.3`, bpf`$late.4`, bpf`$late.5`, bpf`$late.6`];
const all = bpf`$all`;

/** Statements that put the times of all stages into {@link words}. */
const packed: Bpf = joined(
  [
    bpf`$number = ${known.number}; ${all} = 0; $was = ${times.at(bpf`$number`, owner)};
    if ($was.0 == ${known.first} && ${known.whole} >> ${longestBits} == 0) { ${all} = 1; }`,
    ...words.flatMap((word, index) =>
      reached.slice(2 * index, 2 * index + 2).map((name, place) => {
        const half = bpf`$was = ${times.at(bpf`$number`, stage(name))};
    $half = (uint64)${notPassed}; if ($was.0 == ${known.first}) { $half = ($was.1 >> ${stepBits} & ${halfMask}) + 2; }`;
        return place === 0 ? bpf`${half} ${word} = $half;` : bpf`${half} ${word} = ${word} | $half << 32;`;
      }),
    ),
  ],
  "\n    ",
);

const far = [bpf`$v0`, bpf`$v1`, bpf`$v2`, bpf`$v3`];
/** Addresses of IPv6: those of IPv4 are among the words. */
const addresses: Bpf = bpf`${joined(
  far.map((word) => bpf`${word} = (uint64)0;`),
  " ",
)}
    if (${b} >> 56 != 0) { ${joined(
      far.map((word, index) => bpf`${word} = ${readAt(bpf`${net} + ${8 + 8 * index}`, 8)};`),
      " ",
    )} }`;

const identity: Field = fields({
  columns: [
    { name: "ip_version", type: "INTEGER", meaning: "4 or 6" },
    { name: "src", type: "VARCHAR", meaning: "source address, as it goes out" },
    { name: "src_port", type: "INTEGER", meaning: "TCP, UDP or SCTP source port" },
    { name: "dst", type: "VARCHAR", meaning: "destination address" },
    { name: "dst_port", type: "INTEGER", meaning: "TCP, UDP or SCTP destination port" },
    { name: "protocol", type: "VARCHAR", meaning: "IP protocol" },
    { name: "ip_id", type: "INTEGER", meaning: "identification; null for IPv6" },
    { name: "echo_id", type: "INTEGER", meaning: "identifier of an echo request or reply; null for others" },
    { name: "echo_seq", type: "INTEGER", meaning: "its sequence number" },
    {
      name: "seq",
      type: "BIGINT",
      meaning: "sequence number of TCP, as it stands in the header; null for others",
    },
  ],
  words: numbers(3 + far.length),
  say: () => [a, b, c, ...far],
  read: readIdentity,
});

/** What the words say that a packet is known by; see lib/probes/kinds/stages/identity.ts. */
function readIdentity(said: readonly string[]): Value[] {
  const [a = 0n, b = 0n, c = 0n, ...wide] = said.map((word) => BigInt.asUintN(64, BigInt(word)));
  const header = Buffer.alloc(8);
  header.writeBigUInt64LE(c);
  const version = b >> 56n === 0n ? 4 : 6;
  const protocol = protocolName(Number((b >> 40n) & 0xffn));
  const [high, low] = [`${a & 0xffff_ffffn}`, `${a >> 32n}`];
  const [src, dst] =
    version === 4
      ? [addressOf(4, "0", high), addressOf(4, "0", low)]
      : [addressOf(6, `${wide[0]}`, `${wide[1]}`), addressOf(6, `${wide[2]}`, `${wide[3]}`)];
  const ports = ["TCP", "UDP", "SCTP"].includes(protocol);
  const echo =
    (protocol === "ICMP" && [0, 8].includes(header[0] ?? -1)) ||
    (protocol === "ICMPv6" && [128, 129].includes(header[0] ?? -1));
  const id = Buffer.alloc(2);
  id.writeUInt16LE(Number(b & 0xffffn));
  return [
    version,
    src,
    ports ? header.readUInt16BE(0) : null,
    dst,
    ports ? header.readUInt16BE(2) : null,
    protocol,
    version === 4 ? id.readUInt16BE(0) : null,
    echo ? header.readUInt16BE(4) : null,
    echo ? header.readUInt16BE(6) : null,
    protocol === "TCP" ? header.readUInt32BE(4) : null,
  ];
}

const stageColumns: readonly Column[] = reached.map((name) => ({
  name: `${name}_ns`,
  type: "BIGINT",
  unit: "ns",
  meaning: `from the stage before until \`${name}\`, of all its visits; null: not passed, or begun there`,
}));

const stageTimes: Field = fields({
  columns: [
    {
      name: "stages_known",
      type: "BOOLEAN",
      meaning:
        "false: so many others came in meanwhile that the times of its stages are gone, or it took longer than 68 s",
    },
    ...stageColumns,
  ],
  words: numbers(1 + words.length),
  say: () => [all, ...words],
  read: ([known = "0", ...said]) => {
    const halves = said.flatMap((word) => {
      const both = BigInt.asUintN(64, BigInt(word));
      return [both & 0xffff_ffffn, both >> 32n];
    });
    const time = (half = 0n) =>
      known === "0" || half <= BigInt(notPassed) ? null : Number((half - 2n) << BigInt(stepBits));
    return [known !== "0", ...reached.map((_, index) => time(halves[index]))];
  },
});

const packetNumbers: Numbers = {
  set: bpf`$number = ${next.at()} & ${maxNumber}; ${next.at()}++; ${times.at(bpf`$number`, owner)} = ($now, (uint64)0);`,
  max: maxNumber,
};
const ofPacket = numberOf(packetNumbers);

/** What is done with packets: their times are kept, and what took long is put down to be told. */
const taking = (slowerThanUs: number): Taking => ({
  numbers: packetNumbers,
  passed: (_, to) => bpf`$number = ${ofPacket}; $sum = $ns; $was = ${times.at(bpf`$number`, to)};
    if ($was.0 == $on.2) { $sum = $sum + $was.1; }
    ${times.at(bpf`$number`, to)} = ($on.2, $sum);`,
  completed: () =>
    bpf`if ($ns >= ${slowerThanUs * 1_000}) { ${late.at(bpf`cpu`)} = ($ns, $on.1, $on.2, $a, $b, $c, $net); }`,
});

/**
 * Shows packets that took long inside one host, one row each, with the time that they took from stage to stage: the sum of these is `total_ns`, and the largest is where the packet was late. What is faster costs no row:
 * look at {@link stageSummary} first, whose parameters and stages these are, and which has the books of all packets.
 *
 * Parameters: see {@link StageTraceParameters}. Filters look at packets as they come in; with a `vni`, at those inside.
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `ip_version` INTEGER: 4 or 6
 * - `src` VARCHAR: source address, as it goes out
 * - `src_port` INTEGER: TCP, UDP or SCTP source port
 * - `dst` VARCHAR: destination address
 * - `dst_port` INTEGER: TCP, UDP or SCTP destination port
 * - `protocol` VARCHAR: IP protocol
 * - `ip_id` INTEGER: identification; null for IPv6
 * - `echo_id` INTEGER: identifier of an echo request or reply; null for others
 * - `echo_seq` INTEGER: its sequence number
 * - `seq` BIGINT: sequence number of TCP, as it stands in the header; null for others
 * - `total_ns` BIGINT, ns: from where it came in to where it went out
 * - `cpu` INTEGER: CPU that it went out by
 * - `stages_known` BOOLEAN: false: so many others came in meanwhile that the times of its stages are gone, or it took longer than
 *   68 s
 * - `backlog_ns` BIGINT, ns: from the stage before until `backlog`, of all its visits; null: not passed, or begun there
 * - `rx_ns` BIGINT, ns: from the stage before until `rx`, of all its visits; null: not passed, or begun there
 * - `ovs_in_ns` BIGINT, ns: from the stage before until `ovs_in`, of all its visits; null: not passed, or begun there
 * - `ovs_flow_ns` BIGINT, ns: from the stage before until `ovs_flow`, of all its visits; null: not passed, or begun there
 * - `upcall_ns` BIGINT, ns: from the stage before until `upcall`, of all its visits; null: not passed, or begun there
 * - `upcall_back_ns` BIGINT, ns: from the stage before until `upcall_back`, of all its visits; null: not passed, or begun there
 * - `conntrack_ns` BIGINT, ns: from the stage before until `conntrack`, of all its visits; null: not passed, or begun there
 * - `ovs_out_ns` BIGINT, ns: from the stage before until `ovs_out`, of all its visits; null: not passed, or begun there
 * - `ip_in_ns` BIGINT, ns: from the stage before until `ip_in`, of all its visits; null: not passed, or begun there
 * - `ip_out_ns` BIGINT, ns: from the stage before until `ip_out`, of all its visits; null: not passed, or begun there
 * - `inner_queue_ns` BIGINT, ns: from the stage before until `inner_queue`, of all its visits; null: not passed, or begun there
 * - `inner_driver_ns` BIGINT, ns: from the stage before until `inner_driver`, of all its visits; null: not passed, or begun there
 * - `inner_rx_ns` BIGINT, ns: from the stage before until `inner_rx`, of all its visits; null: not passed, or begun there
 * - `queue_ns` BIGINT, ns: from the stage before until `queue`, of all its visits; null: not passed, or begun there
 * - `driver_ns` BIGINT, ns: from the stage before until `driver`, of all its visits; null: not passed, or begun there
 * - `transport_in_ns` BIGINT, ns: from the stage before until `transport_in`, of all its visits; null: not passed, or begun there
 *
 * The times of stages are in steps of 32 ns. Up to 4,096 packets can be on their way at a time: of one that more have come in behind, and of what took longer than 68 s, `total_ns` alone is known (`stages_known` false).
 *
 * Errors: as for every probe, see {@link makeProbe}; `HOOK_MISSING` for `stack` on a host without kprobes.
 *
 * @example await stageTrace(host, { from: "vnet1", to: "eth0", protocol: "TCP", slowerThanUs: 5_000, seconds: 10 })
 */
export const stageTrace: Probe<StageTraceParameters, "table"> = defineRows({
  name: "stageTrace",
  revision: 4,
  measures: "packets that took long inside a host, one row each with all stages",
  hooks: stageHooks,
  summary: "stageSummary",
  filters: stageFilters,
  parameters: {
    from: stageParameters.from,
    to: stageParameters.to,
    stages: stageParameters.stages,
    netns: stageParameters.netns,
    slowerThanUs: z
      .int()
      .min(0)
      .max(60_000_000)
      .default(1_000)
      .describe(
        "packets that took so long or longer, in microseconds, from where they come in to where they go out",
      ),
  },
  check: checkStages,
  mapKeys: 131_072,
  eachTick: forgetSides,
  fields: [
    identity,
    field({
      name: "total_ns",
      type: "BIGINT",
      unit: "ns",
      meaning: "from where it came in to where it went out",
      say: () => known.whole,
    }),
    field({ name: "cpu", type: "INTEGER", meaning: "CPU that it went out by", say: () => bpf`cpu` }),
    stageTimes,
  ],
  program({ emit, ...writing }) {
    const { parameters, on, site, versions } = writing;
    const tells = (at: HookAt) => bpf`${it} = ${late.at(bpf`cpu`)}; if (${known.whole} == 0) { return; }
  delete(${late.at(bpf`cpu`)});
  ${addresses}
    ${packed}
  ${emit(at)}`;
    return [
      ...stageClauses(
        writing,
        (ways) => new Following(site, versions, stage("upcall"), ways, taking(parameters.slowerThanUs)),
      ),
      ...(parameters.to === "stack"
        ? transportIn
            .filter((one) => versions.includes(one.version))
            .map((one) => on(`kprobe:${one.function}`, tells))
        : [on(transmitHook, tells)]),
    ];
  },
  notes: stageNotes,
});
