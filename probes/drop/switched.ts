import {
  type Bpf,
  BpfMap,
  bpf,
  type Field,
  fields,
  type HookAt,
  type Hooks,
  readAt,
  symbolOf,
  type Writing,
} from "../../lib/probes/index.js";
import { switchActionName, switchActions } from "../ovs/index.js";
import { functionName } from "./drops.js";

// What Open vSwitch does with a packet it does on one CPU, one thing after the other, and it drops it there. So the CPU's last action of a packet is the one
// that a drop of the same packet belongs to; another packet, or a new pass of the same one, begins anew.

const executes = "kprobe:ovs_execute_actions";
const clones = "kprobe:clone_execute";
const asks = "kprobe:ovs_dp_upcall";
const acts = "tracepoint:openvswitch:ovs_do_execute_action";

/** The tracepoint came with Linux 6.1; without it there is nothing to tell. */
export const switchHooks: Hooks = { whereLoaded: [executes, clones, asks, acts] };

/** By CPU: a packet; its pass through the flow table, its last action + 1 above bit 1, and in bit 0 whether that is in a clone; which packet is cloned, in bit 0 whether the copy is another one. */
const packets = new BpfMap("packet", false);
const done = new BpfMap("done", false);
const cloned = new BpfMap("cloned", false);
/** Behind an action that begins another pass with the packet itself, that pass + 1. */
const next = new BpfMap("next", false);
const [acted, did] = [bpf`$acted`, bpf`$did`];
const recirc = switchActions.indexOf("recirc");
/** Numbers of actions have 8 bits. */
const passAt = 16;

/** Functions that drop a packet in the midst of its actions, never before: another packet may have the memory of one that is gone. */
const sites = new Set([
  ...["do_execute_actions", "ovs_execute_actions", "clone_execute", "do_output", "ovs_vport_send"],
  ...["ovs_fragment", "ovs_ct_execute"],
]);

/** What Open vSwitch was doing with a packet that it dropped. */
export const switchField: Field = fields({
  columns: [
    {
      name: "ovs_action",
      type: "VARCHAR",
      meaning:
        "what Open vSwitch did with it last, in the words of ovs-dpctl; null where that isn't known, or others dropped it",
    },
    { name: "ovs_recirc_id", type: "BIGINT", meaning: "in which pass through the flow table; 0: the first" },
    {
      name: "ovs_in_clone",
      type: "BOOLEAN",
      meaning: "true within clone, sample or the like; null where it isn't known to be",
    },
  ],
  words: ["symbol", "number"],
  say: (at) => [
    symbolOf(at.arg("location")),
    at.target.hooks.has(acts) ? bpf`(${acted} == $skb ? ${did} : 0)` : 0,
  ],
  read: ([site = "", word = "0"], { target }) => {
    const bits = BigInt(word);
    if (bits === 0n || !sites.has(functionName(site))) return [null, null, null];
    const action = Number((bits & 0xffffn) >> 1n) - 1;
    return [
      action < 0 ? null : switchActionName(action, target),
      Number(bits >> BigInt(passAt)),
      (bits & 1n) === 1n ? true : null,
    ];
  },
});

/** Statements in front of a row with {@link switchField}. */
export function readSwitch({ has }: Pick<Writing<unknown>, "has">): Bpf {
  return has(acts) ? bpf`${acted} = ${packets.at(bpf`cpu`)}; ${did} = ${done.at(bpf`cpu`)}; ` : bpf``;
}

/** The clauses that see what Open vSwitch does. */
export function switchClauses({ on, has }: Pick<Writing<unknown>, "on" | "has">): Bpf[] {
  if (!has(acts)) return [];
  const [packet, what] = [packets.at(bpf`cpu`), done.at(bpf`cpu`)];
  const [copied, pass] = [cloned.at(bpf`cpu`), next.at(bpf`cpu`)];
  return [
    on(
      executes,
      () => bpf`${copied} = 0;
  if (${packet} == arg1 && ${pass} > 0) { ${what} = (${pass} - 1) << ${passAt}; } else { ${packet} = 0; }`,
    ),
    // No flow fits: the packet goes to ovs-vswitchd, and its memory to another one.
    on(asks, () => bpf`${pass} = 0;`),
    // Without actions it is for a new pass. On the stack stands whether they are the last that is done: with the very packet then.
    on(
      clones,
      () => bpf`$of = 0;
  if (arg4 != 0) { $of = arg1; if ((sarg0 & 0xff) == 0) { $of = arg1 + 1; } }
  ${copied} = $of;`,
    ),
    on(
      acts,
      (at: HookAt) => bpf`$skb = ${at.arg("skbaddr")}; $of = ${copied}; $in = 0;
  if (${packet} == $skb) { $in = ${what} & 1; }
  if ($of != 0) { ${copied} = 0; if (($of & 1) == 1) { if ($of != $skb + 1) { $in = 1; } } else { if ($of == $skb) { $in = 1; } } }
  ${packet} = $skb; ${what} = ${at.arg("recirc_id")} << ${passAt} | (${at.arg("action_type")} + 1) << 1 | $in;
  ${pass} = 0; if (${at.arg("action_type")} == ${recirc}) { ${pass} = ${readAt(at.arg("action_data"), 4)} + 1; }`,
    ),
  ];
}
