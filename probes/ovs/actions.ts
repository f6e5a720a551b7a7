import { z } from "zod";
import {
  type Bpf,
  bpf,
  type Field,
  field,
  filter,
  type HookAt,
  type Hooks,
  joined,
  packetFilters,
  readAt,
  type Target,
  type Writing,
} from "../../lib/probes/index.js";
import { setToMasked, switchActionName, switchActions } from "./action-names.js";

const executed = "tracepoint:openvswitch:ovs_do_execute_action";

/** Tried on Linux 6.1 and 6.12, where the module is loaded; 5.10 has none. */
export const actionHooks: Hooks = { required: [executed] };

const numbersOf = (one: (typeof switchActions)[number], target: Target) => [
  switchActions.indexOf(one),
  ...(one === "set_masked" ? [setToMasked(target)] : []),
];
const output = switchActions.indexOf("output");
const recirc = switchActions.indexOf("recirc");

const action = bpf`$action`;
const value = bpf`$value`;

const oneAction = z.enum(switchActions);

export const actionFilters = {
  ...packetFilters,
  device: { ...packetFilters.device, meaning: "interface that the packet came in by" },
  actions: filter({
    schema: z.union([oneAction, z.array(oneAction).min(1)]),
    meaning: "actions, one or several, in the words of ovs-dpctl: `output`, `ct`",
    test: (given, { target }) =>
      bpf`(${joined(
        [given]
          .flat()
          .flatMap((one) => numbersOf(one, target))
          .map((number) => bpf`${action} == ${number}`),
        " || ",
      )})`,
  }),
};

/** What is known of an action. */
export const places = {
  action: field({
    name: "action",
    type: "VARCHAR",
    meaning: "in the words of ovs-dpctl: output, ct, recirc, set_masked, userspace, ...",
    say: () => action,
    read: ([number = ""], { target }) => switchActionName(Number(number), target),
  }),
  port: field({
    name: "port",
    type: "INTEGER",
    meaning: "of output, the datapath's number of the port, as `ovs-dpctl show` has it; null for others",
    say: () => bpf`(${action} == ${output} ? ${value} + 1 : 0)`,
    read: ([word = "0"]) => (word === "0" ? null : Number(word) - 1),
  }),
  recirc_id: field({
    name: "recirc_id",
    type: "BIGINT",
    meaning:
      "which pass through the flow table the action belongs to; 0: the first, or of a packet that ovs-vswitchd hands back",
    say: (at) => at.arg("recirc_id"),
  }),
  to_recirc_id: field({
    name: "to_recirc_id",
    type: "BIGINT",
    meaning: "of recirc, the pass that comes next; null for others",
    say: () => bpf`(${action} == ${recirc} ? ${value} : 0)`,
    read: ([word = "0"]) => (word === "0" ? null : Number(word)),
  }),
  last: field({
    name: "last",
    type: "BOOLEAN",
    meaning: "the last action of its list",
    say: (at) => at.arg("is_last"),
  }),
} satisfies Record<string, Field>;

/** The clause that sees actions, before they are done. */
export function actionClause({ on, packet }: Writing<unknown>, what: (at: HookAt) => Bpf): Bpf {
  return on(executed, (at) => {
    const first = bpf`${action} = ${at.arg("action_type")}; ${value} = 0; $data = ${at.arg("action_data")};
  if (${action} == ${output} || ${action} == ${recirc}) { ${value} = ${readAt(bpf`$data`, 4)}; }`;
    return packet(at, { skb: at.arg("skbaddr"), first }, what(at));
  });
}
