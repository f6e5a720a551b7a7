import {
  type Bpf,
  BpfMap,
  bpf,
  type Field,
  field,
  type HookAt,
  type Hooks,
  nameOf,
  numbers,
  packetFilters,
  type Target,
  type Writing,
} from "../../lib/probes/index.js";

/** What goes into a CPU's backlog, by netif_rx() and by RPS; without kprobes what goes there by netif_rx() alone. */
const enqueued = "kprobe:enqueue_to_backlog";
const given = "tracepoint:net:netif_rx";
const received = "tracepoint:net:netif_receive_skb";
const freed = "tracepoint:skb:kfree_skb";

export const backlogHooks: Hooks = { required: [received, freed], oneOf: [[enqueued, given]] };

export const backlogFilters = {
  ...packetFilters,
  device: { ...packetFilters.device, meaning: "interface that packets come in by" },
};

/** What becomes of a packet that was put into a backlog. */
export const endings = {
  received: "until the stack received it",
  dropped: "until it was dropped, since there was no room",
} as const;
const endingNames = Object.keys(endings);

/** By packet: when it came into a backlog, where its head was, and on which CPU that was. */
export const backlog = new BpfMap("backlog", false, 24);

const [skb, dev] = [bpf`$skb`, bpf`$dev`];

/** Of a packet that has left a backlog: when it came there and when it left, and how, by the place in {@link endings}. */
export const wait = { began: bpf`$began`, ended: bpf`$now`, how: bpf`$how`, from: bpf`$from` };

/** Where a packet waited. */
export const places = {
  device: field({
    name: "device",
    type: "VARCHAR",
    meaning: "network interface that the packets came in by",
    words: numbers(2),
    say: (at) => Object.values(at.name(dev, "net_device.name")),
    pair: (at) => at.nameKey(dev, "net_device.name"),
    read: ([first = "0", second = "0"]) => nameOf(first, second),
  }),
  cpu: field({
    name: "cpu",
    type: "INTEGER",
    meaning: "CPU that received them",
    say: () => bpf`cpu`,
  }),
  from_cpu: field({
    name: "from_cpu",
    type: "INTEGER",
    meaning: "CPU that put them into the backlog",
    say: () => wait.from,
  }),
  migrated: field({
    name: "migrated",
    type: "BOOLEAN",
    meaning: "one CPU put them into another's backlog (RPS)",
    say: () => bpf`(${wait.from} == cpu ? 0 : 1)`,
  }),
  ksoftirqd: field({
    name: "ksoftirqd",
    type: "BOOLEAN",
    meaning: "received in the thread that takes over when there is too much of softirqs",
    say: () => bpf`(strncmp(comm, "ksoftirqd", 9) == 0 ? 1 : 0)`,
  }),
} satisfies Record<string, Field>;

/** How it ended. */
export const endingField: Field = field({
  name: "ending",
  type: "VARCHAR",
  meaning: Object.entries(endings)
    .map(([name, meaning]) => `${name}: ${meaning}`)
    .join("; "),
  say: () => wait.how,
  read: ([how = ""]) => endingNames[Number(how)] ?? null,
});

/**
 * The clauses that see packets wait in a backlog. A packet is known by its address and that of its head: what takes the memory of one whose end was not seen, and comes in by NAPI, has another head.
 *
 * @param begin statements for a packet that comes into a backlog, with those that keep it.
 * @param ended what is done when `$skb` has left the backlog.
 */
export function backlogClauses(
  { on, has, packet }: Writing<unknown>,
  needsDevice: boolean,
  begin: (at: HookAt, keep: Bpf) => Bpf,
  ended: (at: HookAt) => Bpf,
): Bpf[] {
  const known = backlog.at(skb);
  const enter = (at: HookAt, pointer: Bpf) =>
    packet(
      at,
      { skb: pointer, offset: 0, first: bpf`${wait.ended} = nsecs;` },
      begin(at, bpf`${known} = (${wait.ended}, ${at.read(skb, "sk_buff.head")}, (uint64)cpu);`),
    );
  const leave = (at: HookAt, how: number) =>
    bpf`${wait.ended} = nsecs; ${skb} = ${at.arg("skbaddr")};
  $was = ${known}; ${wait.began} = $was.0;
  if (${wait.began} == 0) { return; }
  delete(${known});
  if (${at.read(skb, "sk_buff.head")} != $was.1) { return; }
  ${wait.from} = $was.2; ${wait.how} = ${how};${needsDevice ? bpf` ${dev} = ${at.read(skb, "sk_buff.dev")};` : bpf``}
  ${ended(at)}`;
  return [
    on(received, (at) => leave(at, 0)),
    on(freed, (at) => leave(at, 1)),
    has(enqueued)
      ? on(enqueued, (at) => enter(at, at.arg(0)))
      : on(given, (at) => enter(at, at.arg("skbaddr"))),
  ];
}

/** What a reader must know on this very host. */
export function backlogNotes({ hooks }: Target): string[] {
  return hooks.has(enqueued)
    ? []
    : [
        "without kprobes, packets that RPS gives to another CPU's backlog are not seen: only those that a driver puts there (netif_rx)",
      ];
}
