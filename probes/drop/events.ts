import { z } from "zod";
import {
  bpf,
  command,
  defineRows,
  deviceField,
  field,
  headerFields,
  type Probe,
  packetFields,
  stackDepth,
  stackField,
} from "../../lib/probes/index.js";
import type { DropEventsParameters } from "../parameters.js";
import {
  dropFilters,
  dropHook,
  dropHooks,
  dropNotes,
  dropped,
  reasonField,
  siteField,
  whenDrop,
} from "./drops.js";
import { readSwitch, switchClauses, switchField, switchHooks } from "./switched.js";

const inputField = field({
  name: "input_ifindex",
  type: "INTEGER",
  meaning: "index of the interface it came in on; 0 for the host's own",
  say: (at) => at.read(bpf`$skb`, "sk_buff.skb_iif"),
});

/**
 * Shows the packets that a host's kernel drops, one row each. Every event costs some microseconds on the host: look at
 * {@link dropSummary} first, then here with filters. {@link classifyDrops} says which of them are no loss.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `maxEvents` (default 10,000: rows at most); `stacks` (default false; true for the
 * 8 innermost kernel functions, or a number); `headers` (default false: with true, the columns of layers 2 to 4); `ovs` (default false: with true, what Open vSwitch did; its every action costs the host about a microsecond then); filters that all have to match: `src`, `dst` (source and
 * destination: address or prefix, IPv4 or IPv6), `ip` (either), `srcPort`, `dstPort`, `port` (either), `protocol`, `device`, `vlan`, `vni` (of VXLAN and Geneve: the packet inside is meant then), `reason` (one or several); `bufferPages` (default 512: 4 KiB pages per CPU between
 * kernel and bpftrace; raise it where events get lost).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `reason` VARCHAR: why, as the host's kernel names it; null where it gives no reasons
 * - `site` VARCHAR: kernel function that dropped the packet
 * - `device` VARCHAR: network interface the packet was on; null where it had none
 * - `input_ifindex` INTEGER: index of the interface it came in on; 0 for the host's own
 * - `ip_version` INTEGER: 4 or 6; null for what isn't IP
 * - `src` VARCHAR: source address
 * - `src_port` INTEGER: TCP, UDP or SCTP source port
 * - `dst` VARCHAR: destination address
 * - `dst_port` INTEGER: TCP, UDP or SCTP destination port
 * - `protocol` VARCHAR: IP protocol, or the EtherType of what isn't IP
 * - `length_bytes` INTEGER, bytes: IP packet by its own header; frame where it isn't IP
 * - `cpu` INTEGER: CPU that dropped it
 * - `process` VARCHAR: what ran on that CPU; often, not always, who sent it
 * - `stack` VARCHAR: kernel functions, innermost first; null unless asked for
 *
 * null is unknown or absent.
 *
 * With `headers`, besides: `eth_src`, `eth_dst`, `ether_type`, `vlan_id`, `vlan_priority`, `vlan_inner_id`, `arp_op`, `ip_id`, `ttl`, `tos`, `tcp_flags`, `tcp_payload_bytes`,
 * `icmp_type`, `icmp_code`.
 *
 * With `ovs`, besides: `ovs_action`, `ovs_recirc_id`, `ovs_in_clone`: what Open vSwitch's kernel datapath did last with a packet that it dropped, in which pass through its flow table, and whether in a clone. Linux 5.10 doesn't let that be seen: they are null there. Actions that wait until others
 * are done, since clones and passes are nested too deep, are not known to be in a clone.
 *
 * Errors: as for every probe, see {@link makeProbe}; `UNKNOWN_DROP_REASON`.
 *
 * @example await dropEvents(host, { seconds: 10, reason: "NO_SOCKET", stacks: true })
 */
export const dropEvents: Probe<DropEventsParameters, "table"> = defineRows({
  name: "dropEvents",
  revision: 2,
  measures: "packets that the kernel dropped, one row each",
  hooks: { ...dropHooks, ...switchHooks },
  upTo: "drops",
  summary: "dropSummary",
  filters: dropFilters,
  parameters: {
    stacks: stackDepth,
    // Not there where it isn't wanted: a recording answers both.
    headers: z
      .boolean()
      .optional()
      .transform((wanted) => wanted || undefined)
      .describe("Ethernet, VLAN, ARP, IP, TCP and ICMP headers with every row; default false"),
    ovs: z
      .boolean()
      .optional()
      .transform((wanted) => wanted || undefined)
      .describe("what Open vSwitch did last with packets that it drops; default false"),
  },
  fields: ({ stacks, headers, ovs }) => [
    reasonField,
    siteField,
    deviceField,
    inputField,
    ...packetFields,
    field({ name: "cpu", type: "INTEGER", meaning: "CPU that dropped it", say: () => bpf`cpu` }),
    field({
      name: "process",
      type: "VARCHAR",
      meaning: "what ran on that CPU; often, not always, who sent it",
      words: ["text"],
      say: () => command,
    }),
    stackField(stacks),
    ...(headers ? headerFields : []),
    ...(ovs ? [switchField] : []),
  ],
  program: ({ parameters: { ovs }, on, has, packet, emit, site }) => [
    ...(ovs ? switchClauses({ on, has }) : []),
    on(dropHook, (at) => packet(at, dropped(at), ovs ? bpf`${readSwitch({ has })}${emit(at)}` : emit(at)), {
      when: whenDrop(site.target),
    }),
  ],
  notes: dropNotes,
});
