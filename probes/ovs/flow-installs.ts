import { z } from "zod";
import {
  type Bpf,
  bpf,
  callHooks,
  command,
  defineRows,
  errorName,
  field,
  type Probe,
  readAt,
  signed32,
} from "../../lib/probes/index.js";
import type { FlowInstallsParameters } from "../parameters.js";
import { requestColumns, requestValues } from "./netlink/index.js";

/** What the kernel's switch does when its flow table is to be changed, by the operation (enum ovs_flow_cmd). */
const functions = { new: "ovs_flow_cmd_new", set: "ovs_flow_cmd_set", delete: "ovs_flow_cmd_del" } as const;
type Operation = keyof typeof functions;
const operations = Object.keys(functions) as Operation[];
const oneOperation = z.enum(["new", "set", "delete"]);

const [began, request, took, error] = [bpf`$began`, bpf`$request`, bpf`$took`, bpf`$error`];

/** Bytes of a request that are read: those of flows with tunnels and dozens of actions have some 1,000. */
const mostBytes = 1_536;

/**
 * Shows what ovs-vswitchd, or whoever else may, does to the flow table of Open vSwitch's kernel datapath: one row for each flow that is put in, changed or taken out, with what it looks at, what is done with its packets,
 * whether the kernel took it, and how long that took. Behind {@link upcallEvents}, which has the packets that it is done for: {@link flowUpcalls} puts both together.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `operations`, of new, set and delete (default all); `failed`: only what the kernel refused; `slowerThanUs` (default 0: what took so many microseconds, or more); `maxEvents`
 * (default 10,000: rows at most).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `error` VARCHAR: why the kernel refused; null where it didn't
 * - `call_ns` BIGINT, ns: how long the kernel took, with waiting for others who change the table
 * - `thread` BIGINT: thread that asked for it
 * - `command` VARCHAR: its name: handlers of ovs-vswitchd put in what packets were asked about, revalidators take out what is
 *   idle
 * - `operation` VARCHAR: new: a flow is put in; set: its actions or counters are changed; delete: it is taken out, or all are
 * - `match` VARCHAR: all that a packet has to have, as ovs-dpctl writes it; null where it isn't said
 * - `recirc_id` BIGINT: which pass through the flow table it is of; 0: the first
 * - `in_port` INTEGER: datapath's number of the port that packets come in by, as `ovs-dpctl show` has it
 * - `eth_src` VARCHAR: Ethernet source address, with its mask where it has one
 * - `eth_dst` VARCHAR: Ethernet destination address, with its mask where it has one
 * - `ip_version` INTEGER: 4 or 6; null for what isn't IP
 * - `src` VARCHAR: source address or prefix
 * - `src_port` INTEGER: TCP, UDP or SCTP source port
 * - `dst` VARCHAR: destination address or prefix
 * - `dst_port` INTEGER: TCP, UDP or SCTP destination port
 * - `protocol` VARCHAR: IP protocol, or the EtherType of what isn't IP
 * - `actions` VARCHAR: what is done with packets, as ovs-dpctl writes it; `drop` where that is nothing; null where it isn't said
 * - `ufid` VARCHAR: the flow's identifier; null where it has none, or all are deleted
 * - `datapath` INTEGER: interface index of the datapath, that of ovs-system as a rule
 * - `feature_probe` BOOLEAN: ovs-vswitchd only tries what the kernel can do: it takes the flow out again
 * - `netlink_port` BIGINT: netlink socket that the request came by
 * - `netlink_seq` BIGINT: number of the request on that socket
 * - `length_bytes` INTEGER, bytes: the request by its own header
 * - `whole` BOOLEAN: all of the request could be read; else what stands behind the cut, or is damaged, is null
 *
 * A row is made of the request itself, up to its first 1,536 bytes; `match`, `actions` and `ufid` are in the words of `ovs-dpctl dump-flows`. Of what is matched by some of its bits only, the columns of numbers are null, and `match` has the mask. ovs-vswitchd takes flows out by their
 * `ufid` alone, which the row of the `new` one has, too; a `delete` without one empties the table. A flow that is there already is refused with -EEXIST: two packets of it were asked about. A `set` without actions leaves them as they are.
 *
 * The row comes when the kernel is done. A call whose return it missed, as where more threads are in it than the kernel has room to watch (Linux 5.10: as many as there may be CPUs), counts as lost; so does a row of which a part was lost on its way.
 *
 * Errors: as for every probe, see {@link makeProbe}; `USERSPACE_DATAPATH`.
 *
 * @example await flowInstalls(host, { seconds: 10, operations: ["new", "delete"] })
 */
export const flowInstalls: Probe<FlowInstallsParameters, "table"> = defineRows({
  name: "flowInstalls",
  revision: 1,
  measures:
    "flows that are put into, changed in and taken out of Open vSwitch's kernel datapath, one row each",
  hooks: { required: Object.values(functions).flatMap(callHooks) },
  datapath: "kernel",
  parameters: {
    operations: z
      .union([oneOperation, z.array(oneOperation).min(1)])
      .default(operations)
      .describe("`new`, `set` and `delete`, one or several"),
    failed: z.boolean().default(false).describe("only what the kernel refused"),
    slowerThanUs: z
      .int()
      .min(0)
      .max(60_000_000)
      .default(0)
      .describe("only what took the kernel so long or longer, in microseconds"),
  },
  fields: [
    field({
      name: "error",
      type: "VARCHAR",
      meaning: "why the kernel refused; null where it didn't",
      say: () => error,
      read: ([word = "0"]) => (word === "0" ? null : errorName(signed32(word))),
    }),
    field({
      name: "call_ns",
      type: "BIGINT",
      unit: "ns",
      meaning: "how long the kernel took, with waiting for others who change the table",
      say: () => took,
    }),
    field({ name: "thread", type: "BIGINT", meaning: "thread that asked for it", say: () => bpf`tid` }),
    field({
      name: "command",
      type: "VARCHAR",
      meaning:
        "its name: handlers of ovs-vswitchd put in what packets were asked about, revalidators take out what is idle",
      words: ["text"],
      say: () => command,
    }),
  ],
  memory: {
    columns: requestColumns,
    most: mostBytes,
    say: () => ({ address: request, length: readAt(request, 4) }),
    read: requestValues,
  },
  program: ({ parameters, call, emit }) =>
    [parameters.operations].flat().map((operation) =>
      call(functions[operation], {
        words: 2,
        // The request is where its socket's buffer begins, until the function returns and the next one's turn comes.
        enter: (at, keep) => keep(bpf`nsecs`, at.read(at.arg(0), "sk_buff.data")),
        leave: (at, [since = bpf`0`, where = bpf`0`]) => bpf`${began} = ${since}; ${request} = ${where};
  ${took} = nsecs - ${began}; ${error} = ${at.result};
  ${wanted(parameters)}${emit(at)}`,
      }),
    ),
});

/** Leaves the clause where nobody asked for this one. */
function wanted({ failed, slowerThanUs }: { failed: boolean; slowerThanUs: number }): Bpf {
  return bpf`${failed ? bpf`if (${error} == 0) { return; } ` : bpf``}${
    slowerThanUs === 0 ? bpf`` : bpf`if (${took} < ${slowerThanUs * 1_000}) { return; } `
  }`;
}
