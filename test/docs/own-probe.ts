import {
  bpf,
  defineCounts,
  field,
  flowField,
  type HookAt,
  packet,
  packetFilters,
  readAt,
} from "skbook/probe";

const hook = "tracepoint:tcp:tcp_retransmit_skb";
const states = // by their numbers in the kernel
  "- ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING";

/** From Linux 6.13 on, the tracepoint also tells of what could not be sent. */
const wasSent = (at: HookAt) => (at.hasArg("err") ? bpf`${at.arg("err")} == 0` : bpf`1`);

/** Statements that set addresses and ports to those of the socket, where filters and `flowField` look for them. */
const readFlow = (at: HookAt) => {
  const of = (name: string) => `sock.__sk_common.${name}`;
  const half = (name: string, from: number) => readAt(bpf`${at.addressOf(bpf`$sk`, of(name))} + ${from}`, 8);
  const { version, etherType, protocol, src, dst, ports, srcPort, dstPort } = packet;
  return bpf`$sk = ${at.arg("skaddr")}; ${etherType} = 0; ${protocol} = 6; ${ports} = 1;
  ${srcPort} = ${at.arg("sport")}; ${dstPort} = ${at.arg("dport")};
  ${version} = 4; ${src.high} = 0; ${dst.high} = 0;
  ${src.low} = ${at.read(bpf`$sk`, of("skc_rcv_saddr"))}; ${dst.low} = ${at.read(bpf`$sk`, of("skc_daddr"))};
  if (${at.read(bpf`$sk`, of("skc_family"))} == 10) {
    $high = ${half("skc_v6_daddr", 0)}; $low = ${half("skc_v6_daddr", 8)};
    // An IPv6 socket has IPv4 packets where its peer is ::ffff:192.0.2.1.
    if ($high != 0 || ($low & 0xffffffff) != 0xffff0000) {
      ${version} = 6; ${dst.high} = $high; ${dst.low} = $low;
      ${src.high} = ${half("skc_v6_rcv_saddr", 0)}; ${src.low} = ${half("skc_v6_rcv_saddr", 8)};
    }
  }`;
};

const { src, dst, ip, srcPort, dstPort, port } = packetFilters;

/** Counts what TCP sent again, by connection: `await tcpResent(host, { seconds: 10, dstPort: 443 })`. */
export const tcpResent = defineCounts({
  name: "tcpResent",
  revision: 1,
  measures: "TCP retransmissions, counted in the kernel by connection and state",
  hooks: { required: [hook] },
  filters: { src, dst, ip, srcPort, dstPort, port },
  fields: [
    flowField,
    field({
      name: "state",
      type: "VARCHAR",
      meaning: "of the connection: SYN_SENT where nobody answers",
      say: (at) => at.arg("state"),
      read: ([number]) => states.split(" ")[Number(number)] ?? null,
    }),
  ],
  total: { name: "resent", unit: "packets", meaning: "packets sent again" },
  program: ({ on, filtered, count }) =>
    on(hook, (at) => bpf`${readFlow(at)} ${filtered(at, bpf``, count(at))}`, { when: wasSent }),
});
