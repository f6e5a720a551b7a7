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
 * Columns: are put here
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
      .describe("`new`, `set` and `delete`, one or several; default all"),
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
