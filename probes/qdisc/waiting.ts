import {
  type Bpf,
  BpfMap,
  bpf,
  type Field,
  field,
  type HookAt,
  type Hooks,
  joined,
  nameOf,
  numbers,
  packetFilters,
  type Writing,
} from "../../lib/probes/index.js";

const handed = "tracepoint:net:net_dev_queue";
const taken = "tracepoint:qdisc:qdisc_dequeue";
const sent = "tracepoint:net:net_dev_start_xmit";
const freed = "tracepoint:skb:kfree_skb";

/** From the stack's handover to a device until its driver is given the packet: tracepoints only, which every kernel has. */
export const waitingHooks: Hooks = { required: [handed, taken, sent, freed] };

export const waitingFilters = {
  ...packetFilters,
  device: { ...packetFilters.device, meaning: "interface that packets leave by" },
};

/** What becomes of a packet that was handed to a device. */
export const endings = {
  queued: "until the driver was given what a queueing discipline had held",
  bypassed: "until the driver was given what none had held, since it was empty, or there is none",
  dropped: "until it was dropped on that way",
} as const;
const [queued, bypassed, dropped] = [0, 1, 2];

/** By packet, when it was handed over and how long it was then. */
const waiting = new BpfMap("waiting", false, 16);
/** By CPU, when it last took packets out of a queueing discipline. */
const lastTaken = new BpfMap("taken", false);

const [skb, dev, queue, ops] = [bpf`$skb`, bpf`$dev`, bpf`$queue`, bpf`$ops`];

/** Of a packet whose waiting has ended: when it began and ended, and how, by the place in {@link endings}. */
export const wait = { began: bpf`$began`, ended: bpf`$now`, how: bpf`$how` };

const name = (first = "0", second = "0") => nameOf(first, second);

/** Where a packet waited. */
export const places = {
  device: field({
    name: "device",
    type: "VARCHAR",
    meaning: "network interface that the packets leave by",
    words: numbers(2),
    say: (at) => Object.values(at.name(dev, "net_device.name")),
    pair: (at) => at.nameKey(dev, "net_device.name"),
    read: ([first, second]) => name(first, second),
  }),
  queue: field({
    name: "queue",
    type: "INTEGER",
    meaning: "its transmit queue, from 0, as in /sys/class/net/DEVICE/queues/tx-N",
    say: () => queue,
  }),
  qdisc: field({
    name: "qdisc",
    type: "VARCHAR",
    meaning: "kind of that queue's discipline, as `tc qdisc` shows it; noqueue where it has none",
    words: numbers(2),
    say: (at) => Object.values(at.name(ops, "Qdisc_ops.id")),
    pair: (at) => at.nameKey(ops, "Qdisc_ops.id"),
    read: ([first, second]) => name(first, second),
  }),
} satisfies Record<string, Field>;

/** Statements that set what these places are made of, for the packet `$skb`. */
function readPlaces(at: HookAt, by: readonly string[]): Bpf {
  const qdisc = by.includes("qdisc");
  const ofQueue = qdisc || by.includes("queue");
  const ofDevice = ofQueue || by.includes("device");
  return joined(
    [
      ...(ofDevice ? [bpf`${dev} = ${at.read(skb, "sk_buff.dev")};`] : []),
      ...(ofQueue ? [bpf`${queue} = ${at.read(skb, "sk_buff.queue_mapping")};`] : []),
      ...(qdisc
        ? [
            bpf`$txq = ${at.read(dev, "net_device._tx")} + ${queue} * ${at.sizeOf("netdev_queue")};`,
            bpf`$qdisc = ${at.read(bpf`$txq`, "netdev_queue.qdisc")}; ${ops} = ${at.read(bpf`$qdisc`, "Qdisc.ops")};`,
          ]
        : []),
    ],
    " ",
  );
}

/**
 * The clauses that see packets wait.
 *
 * A queueing discipline held a packet where the CPU that gives it to the driver has taken something out of one since the packet was handed over: a packet that bypasses it goes to the driver in the
 * same call. Of packets that are taken out together, the kernel names the first one only.
 *
 * A packet is known by its address, and by its length: the memory of one that the stack cut up becomes another one's. The tag of a VLAN may have come into it (4 bytes).
 *
 * @param by which places are to be known.
 * @param actions.ended what is done when the waiting of `$skb` ends.
 * @param actions.unseen what is done with a packet that the driver is given and that was not seen before.
 */
export function waitingClauses(
  { on, packet }: Writing<unknown>,
  by: readonly string[],
  actions: { ended(at: HookAt): Bpf; unseen?(at: HookAt): Bpf },
): Bpf[] {
  const known = waiting.at(skb);
  const begun = bpf`$was = ${known}; ${wait.began} = $was.0;`;
  return [
    on(handed, (at) =>
      packet(
        at,
        { skb: at.arg("skbaddr"), first: bpf`${wait.ended} = nsecs;` },
        bpf`${known} = (${wait.ended}, ${at.arg("len")});`,
      ),
    ),
    on(taken, () => bpf`${lastTaken.at(bpf`cpu`)} = nsecs;`, {
      when: (at) => bpf`${at.arg("skbaddr")} != 0`,
    }),
    on(sent, (at) => {
      const options = {
        skb,
        offset: at.arg("network_offset"),
        etherType: at.arg("protocol"),
      };
      return bpf`${wait.ended} = nsecs; ${skb} = ${at.arg("skbaddr")}; $length = ${at.arg("len")};
  ${begun}
  if (${wait.began} > 0) {
    delete(${known});
    if ($length == $was.1 || $length == $was.1 + 4) {
      ${readPlaces(at, by)}
      ${wait.how} = ${bypassed}; if (${lastTaken.at(bpf`cpu`)} >= ${wait.began}) { ${wait.how} = ${queued}; }
      ${actions.ended(at)}
      return;
    }
  }
  ${actions.unseen === undefined ? bpf`` : packet(at, options, bpf`${readPlaces(at, by)} ${actions.unseen(at)}`)}`;
    }),
    on(
      freed,
      (at) => bpf`${skb} = ${at.arg("skbaddr")};
  ${begun}
  if (${wait.began} == 0) { return; }
  delete(${known});
  if (${at.read(skb, "sk_buff.len")} != $was.1) { return; }
  ${wait.ended} = nsecs; ${readPlaces(at, by)} ${wait.how} = ${dropped};
  ${actions.ended(at)}`,
    ),
  ];
}
