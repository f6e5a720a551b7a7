import {
  type Bpf,
  BpfMap,
  bpf,
  type CallOptions,
  callHooks,
  field,
  type HookAt,
  type Hooks,
  isWithin,
  readThread,
  signed32,
  type Target,
  textAt,
  type Writing,
} from "../../lib/probes/index.js";
import type { Column } from "../../lib/tables/index.js";
import { infos, statuses, tcpStates, unconnected, verdicts } from "./names.js";

/** What is done with a packet: it is looked up, or the new connection that it began is confirmed: put into the table. */
const steps = { lookup: "nf_conntrack_in", confirm: "__nf_conntrack_confirm" } as const;

/** Open vSwitch's action `ct`, within which both are called as by the host's own hooks. */
const ovs = "ovs_ct_execute";

/** What says why a packet is invalid, whether or not the host logs it; one function calls the other. */
const complaints = ["nf_l4proto_log_invalid", "nf_ct_l4proto_log_invalid", "nf_tcp_log_invalid"] as const;

export const conntrackHooks: Hooks = {
  required: Object.values(steps).flatMap(callHooks),
  whereLoaded: [...callHooks(ovs), ...complaints.map((name) => `kprobe:${name}`)],
};

/** Where functions of connection tracking say how their arguments are named. */
export const conntrackModules = ["nf_conntrack"];

/** Address of the words on what is invalid, by the thread that looks a packet up; and each text by its address, in a summary. */
const why = new BpfMap("why", false).at(bpf`tid`, bpf`$idle`);
const texts = new BpfMap("texts", false, 64);

/** What became of a packet. The variables are set at the return of each step; 0, or one more than what is known. */
export const outcomeFields = [
  field({
    name: "step",
    type: "VARCHAR",
    meaning:
      "lookup: its connection was looked for; confirm: the connection that it began was put into the table",
    say: (at) => Object.values(steps).findIndex((name) => at.hook.endsWith(`:${name}`)),
    read: ([step]) => Object.keys(steps)[Number(step)] as string,
  }),
  field({
    name: "owner",
    type: "VARCHAR",
    meaning: "who had it tracked: netfilter, or the action ct of openvswitch",
    say: () => bpf`$owner`,
    read: ([owner]) => (owner === "1" ? "openvswitch" : "netfilter"),
  }),
  field({
    name: "verdict",
    type: "VARCHAR",
    meaning: "ACCEPT, or DROP where the packet was dropped for it",
    say: ({ result }) => result,
    read: ([code = "0"]) => verdicts[signed32(code)] ?? `VERDICT_${signed32(code)}`,
  }),
  field({
    name: "state",
    type: "VARCHAR",
    meaning: "NEW, ESTABLISHED, RELATED, with _REPLY for the other direction, UNTRACKED, INVALID",
    say: () => bpf`$info`,
    read: ([info]) => new Map<number, string>(infos).get(Number(info)) ?? `INFO_${info}`,
  }),
];

export const zoneField = field({
  name: "zone",
  type: "INTEGER",
  meaning: "connection tracking zone; null where there is no connection, or the kernel doesn't say",
  say: () => bpf`$zone`,
  read: ([zone]) => (zone === "0" ? null : Number(zone) - 1),
});

export const statusField = field({
  name: "status",
  type: "VARCHAR",
  meaning: "bits of the connection's status (enum ip_conntrack_status)",
  say: () => bpf`$status`,
  read: ([word]) => {
    const status = Number(word) - 1;
    return status < 0 ? null : statuses.filter((_, bit) => (status >> bit) & 1).join(" ");
  },
});

export const tcpStateField = field({
  name: "tcp_state",
  type: "VARCHAR",
  meaning: "state of the TCP connection after it; null where it is none",
  say: () => bpf`$tcp`,
  read: ([word]) => (word === "0" ? null : (tcpStates[Number(word) - 1] ?? `STATE_${Number(word) - 1}`)),
});

const whyColumn: Column = {
  name: "why",
  type: "VARCHAR",
  meaning: "why it is invalid, as the kernel would log it; %… are numbers that aren't filled in",
};

export const whyField = field({
  ...whyColumn,
  words: ["text"],
  say: () => textAt(bpf`$why`),
  read: ([text = ""]) => text.trim() || null,
});

/** The same in a summary, where the address is counted by: the texts are constants of the kernel, and few. */
export const whyKeyField = field({
  ...whyColumn,
  say: () => bpf`$why`,
  read: ([word = "0"], { maps }) => {
    const isIt = ([address]: [string, unknown]) =>
      BigInt.asUintN(64, BigInt(address)) === BigInt.asUintN(64, BigInt(word));
    const text = [...(maps?.get(texts.name) ?? [])].find(isIt)?.[1];
    return String(text ?? "").trim() || null;
  },
});

/** What a reader must know where the host's BTF has no connections. */
export function conntrackNotes({ snapshot }: Target, _: unknown, read: ReadonlySet<string>): string[] {
  return read.has("nf_conn.status")
    ? []
    : [
        `kernel ${snapshot.kernel} doesn't say how its connections are laid out: zone, status and TCP state are unknown`,
      ];
}

/**
 * Clauses on the entry and return of both steps.
 *
 * @param enter filters on the entry, where the packet is sure to be there, and keeps it.
 * @param leave what is done with a packet at the return, when all is known.
 * @param keepsTexts whether the words on what is invalid are looked up in the end.
 */
export function trackedClauses(
  writing: Writing<unknown>,
  enter: NonNullable<CallOptions["enter"]>,
  leave: (at: HookAt, skb: Bpf) => Bpf,
  { keepsTexts }: { keepsTexts: boolean },
): Bpf[] {
  const { call, has } = writing;
  const owner = callHooks(ovs).every(has) ? isWithin(ovs) : bpf`0`;
  const complains = complaints.some((name) => has(`kprobe:${name}`));
  return [
    ...complaints.map((name) => complaintClause(writing, name, keepsTexts)),
    ...Object.values(steps).map((name) => {
      const looksUp = complains && name === steps.lookup;
      return call(name, {
        enter: (at, keep) =>
          enter(at, (...words) => bpf`${keep(...words)} ${looksUp ? bpf`delete(${why});` : bpf``}`),
        leave: (at, [skb = bpf`0`]) => bpf`$owner = 0; if (${owner}) { $owner = 1; }
  $why = ${looksUp ? why : bpf`0`};
  ${readConnection(at, skb)}
  ${leave(at, skb)}`,
      });
    }),
    call(ovs, {}),
  ];
}

function readConnection(at: HookAt, skb: Bpf): Bpf {
  const known = (variable: Bpf, field: string) =>
    at.has(field) ? bpf`${variable} = ${at.read(bpf`$ct`, field)} + 1;` : bpf``;
  const protocol = "nf_conn.tuplehash[0].tuple.dst.protonum";
  const state = known(bpf`$tcp`, "nf_conn.proto.tcp.state");
  return bpf`$ct = ${at.read(skb, "sk_buff._nfct")}; $info = $ct & 7; $ct = $ct - $info;
  $zone = 0; $status = 0; $tcp = 0;
  if ($ct != 0) {
    ${known(bpf`$zone`, "nf_conn.zone.id")} ${known(bpf`$status`, "nf_conn.status")}
    ${at.has(protocol) ? bpf`if (${at.read(bpf`$ct`, protocol)} == 6) { ${state} }` : bpf``}
  } else { if ($info != 7) { $info = ${unconnected}; } }`;
}

/** The first complaint of a lookup counts. */
function complaintClause(
  { on }: Writing<unknown>,
  name: (typeof complaints)[number],
  keepsText: boolean,
): Bpf {
  return on(`kprobe:${name}`, (at) => {
    const text = at.argument(name, "fmt") ?? textArgument(name, at.target);
    // "%s" alone: the words are the argument behind it. A function's seventh argument is in no register.
    const passed =
      text > 4 ? bpf`` : bpf`if ((*($text) & 0xffff) == 0x7325) { $text = ${at.arg(text + 1)}; }`;
    return bpf`${readThread}
  if (!(${isWithin(steps.lookup)}) || ${why} != 0) { return; }
  $text = ${at.arg(text)}; ${passed}
  ${why} = $text; ${keepsText ? bpf`${texts.at(bpf`$text`)} = ${textAt(bpf`$text`)};` : bpf``}`;
  });
}

/** Where the kernel doesn't say it. Before Linux 5.14 the functions were given the network namespace and the protocol's family, or no hook's state. */
function textArgument(name: (typeof complaints)[number], { snapshot }: Target): number {
  const [major = 0, minor = 0] = (snapshot.kernel ?? "").split(".").map(Number);
  const old = major < 5 || (major === 5 && minor < 14);
  if (name === "nf_tcp_log_invalid") return 5;
  if (name === "nf_l4proto_log_invalid") return old ? 4 : 3;
  return old ? 2 : 3;
}
