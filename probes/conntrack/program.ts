import type { OwnConnection } from "../../lib/hosts/index.js";
import {
  atReturn,
  attachTo,
  bpftrace,
  type Fragment,
  type Hooks,
  integer,
  isMeasuring,
  isWithin,
  joined,
  keepForReturn,
  readThread,
  type Target,
} from "../../lib/probes/index.js";
import type { PacketFilters } from "../packet/filters.js";
import { type PacketActions, parsePacket } from "../packet/parse.js";

/** What is done with a packet: it is looked up, or the new connection that it began is confirmed: put into the table. */
export const steps = ["lookup", "confirm"] as const;
const functions = { lookup: "nf_conntrack_in", confirm: "__nf_conntrack_confirm" } as const;

/** Open vSwitch's action `ct`, within which both are called as by the host's own hooks. */
const ovs = "ovs_ct_execute";

/** What says why a packet is invalid, whether or not the host logs it: functions and which of their arguments is the text. */
const complaints = ["nf_l4proto_log_invalid", "nf_ct_l4proto_log_invalid", "nf_tcp_log_invalid"] as const;

export const conntrackHooks: Hooks = {
  required: Object.values(functions).flatMap((name) => [`kprobe:${name}`, `kretprobe:${name}`]),
  whereLoaded: [`kprobe:${ovs}`, `kretprobe:${ovs}`, ...complaints.map((name) => `kprobe:${name}`)],
};

/** The hook where it is known what has become of a packet. */
export function returnHook(step: number): string {
  return `kretprobe:${functions[steps[step] as (typeof steps)[number]]}`;
}

/** Fields of a connection that the program reads where the host's BTF has them. */
export const conntrackStructs = ["nf_conn"];

/** Program text for what is known of a packet at the return; -1 for what isn't. */
export const conntrack = {
  owner: "$owner",
  verdict: "(int64)(int32)retval",
  info: "$info",
  zone: "$zone",
  status: "$status",
  tcpState: "$tcp",
  why: "str(kptr($why))",
} as const;

/**
 * Clauses on the entry and return of both steps: filter on the entry, where the packet is sure to be there, act on the return.
 *
 * @param onEntry what is done with a packet that the filters let through.
 * @param onReturn what is done when the function returns, with the packet parsed.
 * @param except a connection whose packets are left out.
 */
export function conntrackClauses(
  filters: PacketFilters,
  target: Target,
  onEntry: (step: number) => Fragment,
  onReturn: (step: number) => PacketActions,
  except: OwnConnection | null = null,
): Fragment {
  return joined(
    [
      ...steps.flatMap((step, index) => {
        const name = functions[step];
        const keep = bpftrace`if (${isMeasuring}) { $keep = (uint64)arg0; ${onEntry(index)} }`;
        const filtered = parsePacket(filters, { ipv4: keep, ipv6: keep, other: keep }, { except });
        const forget = step === "lookup" ? bpftrace`@why[$thread] = (uint64)0;` : bpftrace``;
        return [
          bpftrace`${attachTo(target, `kprobe:${name}`)} { $skb = (struct sk_buff *)arg0; $keep = (uint64)0;
  ${filtered}
  ${keepForReturn(name, bpftrace`$keep`)} ${forget} }`,
          bpftrace`${attachTo(target, `kretprobe:${name}`)} { ${atReturn(
            name,
            bpftrace`$skb = (struct sk_buff *)$kept; ${readConnection(target)}
  ${parsePacket({}, onReturn(index))}`,
          )} }`,
        ];
      }),
      ...ovsClauses(target),
      ...complaintClauses(target),
    ],
    "\n",
  );
}

function readConnection(target: Target): Fragment {
  const fields = target.structs.get("nf_conn");
  const has = (field: string) => fields?.has(field) === true;
  const owner = target.hooks.has(`kprobe:${ovs}`) ? isWithin(ovs) : bpftrace`0`;
  return bpftrace`$owner = (uint64)0; if (${owner}) { $owner = (uint64)1; }
  $why = @why[$thread]; $info = (int64)($skb->_nfct & 7); $zone = (int64)-1; $status = (int64)-1; $tcp = (int64)-1;
  $pointer = (uint64)($skb->_nfct >> 3 << 3);
  if ($pointer == 0 && $info != 7) { $info = (int64)-1; }
  if ($pointer != 0) { $ct = (struct nf_conn *)$pointer;
    ${has("zone") ? bpftrace`$zone = (int64)$ct->zone.id;` : bpftrace``}
    ${has("status") ? bpftrace`$status = (int64)$ct->status;` : bpftrace``}
    ${has("tuplehash") && has("proto") ? bpftrace`if ($ct->tuplehash[0].tuple.dst.protonum == 6) { $tcp = (int64)$ct->proto.tcp.state; }` : bpftrace``}
  }`;
}

function ovsClauses(target: Target): Fragment[] {
  if (!target.hooks.has(`kprobe:${ovs}`) || !target.hooks.has(`kretprobe:${ovs}`)) return [];
  return [
    bpftrace`${attachTo(target, `kprobe:${ovs}`)} { ${keepForReturn(ovs, bpftrace`0`)} }`,
    bpftrace`${attachTo(target, `kretprobe:${ovs}`)} { ${atReturn(ovs, bpftrace``)} }`,
  ];
}

/** The first complaint of a lookup counts: one function calls the other. */
function complaintClauses(target: Target): Fragment[] {
  return complaints.flatMap((name) => {
    if (!target.hooks.has(`kprobe:${name}`)) return [];
    const text = textArgument(name, target);
    // "%s" alone: the words are the argument behind it. A function's seventh argument is in no register.
    const passed =
      text > 4
        ? bpftrace``
        : bpftrace`if (*(uint16 *)$text == 0x7325) { $text = (uint64)arg${integer(text + 1)}; }`;
    return [
      bpftrace`${attachTo(target, `kprobe:${name}`)} {
  ${readThread}
  $text = (uint64)arg${integer(text)}; ${passed}
  if (@why[$thread] == 0) { @why[$thread] = $text; } }`,
    ];
  });
}

/** Before Linux 5.14 the functions were given the network namespace and the protocol's family, or no hook's state. */
function textArgument(name: (typeof complaints)[number], target: Target): number {
  const [major = 0, minor = 0] = (target.snapshot.kernel ?? "").split(".").map(Number);
  const old = major < 5 || (major === 5 && minor < 14);
  if (name === "nf_tcp_log_invalid") return 5;
  if (name === "nf_l4proto_log_invalid") return old ? 4 : 3;
  return old ? 2 : 3;
}
