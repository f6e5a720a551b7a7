import { z } from "zod";
import {
  type Bpf,
  bpf,
  defineHistogram,
  field,
  flowField,
  type HookAt,
  type Hooks,
  joined,
  nameOf,
  numbers,
  type Probe,
  packetFilters,
  protocolField,
  readAt,
} from "../../lib/probes/index.js";
import type { QueueSummaryParameters } from "../parameters.js";

/** Right before the driver is given a frame; and behind that, with what the driver said. */
const sent = "tracepoint:net:net_dev_start_xmit";
const taken = "tracepoint:net:net_dev_xmit";
/** The functions by which drivers hand frames to the stack, one of them for each: ahead of GRO, RPS and XDP of the stack. */
const received = [
  ...["napi_gro_receive_entry", "napi_gro_frags_entry", "netif_receive_skb_entry"],
  ...["netif_receive_skb_list_entry", "netif_rx_entry"],
].map((name) => `tracepoint:net:${name}`);
/** Until 5.17. */
const alsoReceived = "tracepoint:net:netif_rx_ni_entry";
const all = [...received, alsoReceived];

const hooks: Hooks = { required: [sent, taken, ...received], whereLoaded: [alsoReceived] };

/** NETDEV_TX_BUSY (include/linux/netdevice.h). */
const busy = 0x10;
/** Queues are told in 16 bits. */
const unknown = 0xffff;

/** "tun", which taps are, too. */
const tun = 0x6e7574;

const directions = ["rx", "tx"] as const;
const [rx, tx] = [0, 1];

/** Upper bounds of classes of sizes: of Ethernet (1518 with a tag), jumbo frames, and what is to be cut. */
const classes = [64, 128, 256, 512, 1_024, 1_518, 9_018, 16_384, 65_550] as const;

const [skb, dev, queue, bytes] = [bpf`$skb`, bpf`$dev`, bpf`$queue`, bpf`$bytes`];
const [info, segments] = [bpf`$info`, bpf`$segments`];

/**
 * Counts frames and bytes by device, direction and hardware queue, in the kernel: frames that the driver is given to send, and those that it hands to the stack. Whether the queues of a NIC
 * share the load, which of them a flow goes by, and which sizes its frames have. Each frame costs the host about half a microsecond: the result says how much it was.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `direction`: rx or tx (default both); `device`; filters of packets, as {@link dropSummary} has them; `by`, any of device, direction, queue, cpu,
 * size, protocol, flow (default device, direction, queue).
 *
 * Columns:
 * - `device` VARCHAR: network interface
 * - `direction` VARCHAR: rx: received from the device; tx: sent to it
 * - `queue` INTEGER: as in /sys/class/net/DEVICE/queues/rx-N and tx-N, from 0; null where it isn't known
 * - `quantity` VARCHAR: frame: its size; segments: of a frame that is several on the wire (TSO, GSO, LRO), how many; uncounted:
 *   frames that are several on the wire, of which nobody has said how many; busy: frames that the driver gave back, to be given
 *   again
 * - `unit` VARCHAR: of what stands behind: bytes, packets
 * - `count` BIGINT: samples
 * - `total` BIGINT: sum of them; null where it isn't known
 * - `avg` DOUBLE: mean of them; null with their sum
 * - `p50_low` BIGINT: percentile 50: bound below
 * - `p50_high` BIGINT: percentile 50: bound above
 * - `p90_low` BIGINT: percentile 90: bound below
 * - `p90_high` BIGINT: percentile 90: bound above
 * - `p99_low` BIGINT: percentile 99: bound below
 * - `p99_high` BIGINT: percentile 99: bound above
 * - `p999_low` BIGINT: percentile 99.9: bound below
 * - `p999_high` BIGINT: percentile 99.9: bound above
 * - `max_low` BIGINT: the largest: bound below
 * - `max_high` BIGINT: the largest: bound above
 *
 * `count` of `frame` is how many there were, `total` their bytes: of the frame as the kernel has it, with its link header, without a VLAN tag that the NIC puts in or takes out. A frame of TSO, GSO or LRO is one here, and several on the
 * wire: `segments` has how many. Frames on the wire are `count` of `frame` - `count` of `segments` + `total` of `segments` where nothing is `uncounted`. What a driver gives back since its queue is full (`busy`) is in `frame` each time that it is tried.
 *
 * Of received frames the queue is the one that the driver notes. It is null where a device has several and notes none: of virtual devices, all but tun and tap. VLANs and bonds take their frames over inside of the stack, and
 * have none received here; nor is here what XDP keeps from the stack. {@link hostCounters} has what the devices count themselves; drivers don't agree whether bytes have the link header in them.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await queueSummary(host, { seconds: 10, device: "eth0", by: ["direction", "queue", "cpu"] })
 */
export const queueSummary: Probe<QueueSummaryParameters, "frame"> = defineHistogram({
  name: "queueSummary",
  revision: 3,
  measures: "frames and bytes by device, direction and hardware queue",
  hooks,
  filters: {
    ...packetFilters,
    device: { ...packetFilters.device, meaning: "interface whose driver sends or receives the frames" },
  },
  parameters: {
    direction: z.enum(directions).optional().describe("frames received (`rx`) or sent (`tx`) only"),
  },
  by: {
    device: field({
      name: "device",
      type: "VARCHAR",
      meaning: "network interface",
      words: numbers(2),
      say: (at) => Object.values(at.name(dev, "net_device.name")),
      pair: (at) => at.nameKey(dev, "net_device.name"),
      read: ([first = "0", second = "0"]) => nameOf(first, second),
    }),
    direction: field({
      name: "direction",
      type: "VARCHAR",
      meaning: "rx: received from the device; tx: sent to it",
      say: ({ hook }) => (all.includes(hook) ? rx : tx),
      read: ([which = ""]) => directions[Number(which)] ?? null,
    }),
    queue: field({
      name: "queue",
      type: "INTEGER",
      meaning: "as in /sys/class/net/DEVICE/queues/rx-N and tx-N, from 0; null where it isn't known",
      say: () => queue,
      read: ([number = ""]) => (Number(number) === unknown ? null : Number(number)),
    }),
    cpu: field({ name: "cpu", type: "INTEGER", meaning: "CPU that handled them", say: () => bpf`cpu` }),
    size: field({
      name: "up_to_bytes",
      type: "INTEGER",
      unit: "bytes",
      meaning: `frames of at most so many bytes, and more than the class before: ${classes.join(", ")}; null: larger`,
      // The place of the class: choices within choices make bpftrace 0.23 crash.
      say: () =>
        bpf`(${joined(
          classes.map((one) => bpf`(${bytes} > ${one} ? 1 : 0)`),
          " + ",
        )})`,
      read: ([place = ""]) => classes[Number(place)] ?? null,
    }),
    protocol: protocolField,
    flow: flowField,
  },
  usual: ["device", "direction", "queue"],
  intervals: {
    frame: { meaning: "its size", unit: "bytes" },
    segments: {
      meaning: "of a frame that is several on the wire (TSO, GSO, LRO), how many",
      unit: "packets",
    },
  },
  untimed: {
    uncounted: "frames that are several on the wire, of which nobody has said how many",
    busy: "frames that the driver gave back, to be given again",
  },
  program({ on, has, packet, measure, tally, by, parameters: { direction } }) {
    const needsDevice = by.includes("device");
    const take = (at: HookAt) => bpf`${measure(at, "frame", bytes)}
  if (${at.arg("gso_size")} == 0) { return; }
  ${info} = ${at.read(skb, "sk_buff.head")} + ${at.read(skb, "sk_buff.end")};
  ${segments} = ${at.read(info, "skb_shared_info.gso_segs")};
  if ($segments == 0) { ${tally(at, "uncounted")} return; }
  ${measure(at, "segments", segments)}`;
    const toSend = (at: HookAt, what: Bpf) =>
      packet(
        at,
        { skb: at.arg("skbaddr") },
        bpf`${needsDevice ? bpf`${dev} = ${at.read(skb, "sk_buff.dev")};` : bpf``}${
          by.includes("queue") ? bpf` ${queue} = ${at.read(skb, "sk_buff.queue_mapping")};` : bpf``
        } ${bytes} = ${at.arg("len")};
  ${what}`,
      );
    // Of a frame that has come by another device before, what is noted is that one's: drivers of hardware make frames anew, and tun notes its own.
    const readQueue = (at: HookAt) => bpf`
  ${queue} = 0; $queues = ${at.read(dev, "net_device.real_num_rx_queues")};
  if ($queues != 1) {
    $noted = ${at.arg("queue_mapping")}; $own = ${at.read(dev, "net_device.dev.parent")};
    if ($own == 0) {
      $kind = ${at.read(dev, "net_device.rtnl_link_ops")};
      if ($kind != 0) { $kind = ${at.read(bpf`$kind`, "rtnl_link_ops.kind")}; $own = (${readAt(bpf`$kind`, 4)} == ${tun} ? 1 : 0); }
    }
    ${queue} = ($own != 0 && $noted > 0 && $noted <= $queues ? $noted - 1 : ${unknown});
  }`;
    const handed = (at: HookAt) =>
      packet(
        at,
        { skb: at.arg("skbaddr"), offset: 0 },
        // The link header is before the data.
        bpf`${needsDevice || by.includes("queue") ? bpf`${dev} = ${at.read(skb, "sk_buff.dev")};` : bpf``}${by.includes("queue") ? readQueue(at) : bpf``}
  ${bytes} = ${at.arg("len")};
  if (${at.arg("mac_header_valid")} != 0) { ${bytes} = (${bytes} - ${at.arg("mac_header")}) & 0xffffffff; }
  ${take(at)}`,
      );
    return [
      ...(direction === "rx"
        ? []
        : [
            on(sent, (at) => toSend(at, take(at))),
            on(taken, (at) => toSend(at, tally(at, "busy")), {
              when: (at) => bpf`${at.arg("rc")} == ${busy}`,
            }),
          ]),
      ...(direction === "tx" ? [] : all.filter(has).map((hook) => on(hook, handed))),
    ];
  },
});
