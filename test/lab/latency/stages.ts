import { address } from "../topology/topology.js";
import type { LatencyFault, Look, Watch } from "./fault.js";
import { backlogs, paths, queues, stages, upcalls } from "./watches.js";

// Packets that are late between where they come into the host and where they leave it.

/** Where the receiver listens; nobody else does. */
const port = 4007;
/** Another one: no probe follows what goes there. */
const otherPort = 4006;
const udp = { protocol: "UDP", dstPort: port } as const;

const toMachine = { from: "uplink0", to: "vnet1", src: address.client, dst: address.vm1, ...udp };
const fromMachine = { from: "vnet1", to: "uplink0", src: address.vm1, dst: address.client, ...udp };
const intoTunnel = { from: "vnet1", to: "under0", src: address.vm1, dst: address.far, ...udp };
const betweenMachines = { from: "vnet1", to: "vnet2", src: address.vm1, dst: address.vm2, ...udp };
const fromStack = { from: "stack" as const, to: "uplink0", dst: address.client, ...udp };
const pings = { protocol: "ICMP" as const, src: address.client, dst: address.vm1 };

const macOf = (namespace: string) =>
  `$(ip -n ${namespace} -o link show eth0 | sed 's/.*ether \\([^ ]*\\).*/\\1/')`;
/** Neighbours that are known need not be asked. */
const known = (between: readonly [command: string, neighbour: string, mac: string][]) => ({
  ready: between.map(([command, one, mac]) => `${command} replace ${one} nud permanent lladdr ${mac}`),
  after: between.map(([command, one]) => `${command} change ${one} nud reachable`),
});
const sends = (from: string, to: string, at: number, count: number, rest = "") =>
  `$L one-way ${from} ${to} ${address[to as keyof typeof address]} ${at} ${count} ${rest}`;
/** Every 60 ms: what is held back for 30 ms goes on when nothing is sent, for the kernel leaves a program out while another one runs on that CPU. */
const oneWay = (from: string, to: string, count: number, rest = "64 60") =>
  sends(from, to, port, count, rest);
/** Has the switch make its flows, which know no ports: it forgets them after 10 s, and probes may take longer to attach. */
const wakes = (from: string, to: string) => `${sends(from, to, otherPort, 5)} > /dev/null`;
const bridgeMac = "$(cat /sys/class/net/br0/address)";

const vm1 = ["ip neigh", `${address.vm1} dev br0`, macOf("vm1")] as const;
const vm1ToBridge = ["ip -n vm1 neigh", `${address.bridge} dev eth0`, bridgeMac] as const;
const routed = known([[...vm1], [...vm1ToBridge]]);
const intoMachine = wakes("client", "vm1");

const toMachineLate = { ...routed, late: [intoMachine, oneWay("client", "vm1", 100)] };

/** The whole way, and the stage where the time went; and every packet that was counted. */
const grows = (watch: Watch, pair: string): Look => ({
  watch,
  grows: [{ label: "total" }, { label: pair }],
  counts: "total",
});

const netem = (device: string) => ({
  put: [`tc qdisc add dev ${device} root netem delay 30ms`],
  undo: [`tc qdisc del dev ${device} root`],
});

const rps = "/sys/class/net/uplink0/queues/rx-0/rps_cpus";

export const stageFaults: readonly LatencyFault[] = [
  {
    name: "no-delay",
    ms: 0,
    ...toMachineLate,
    looks: [
      { watch: stages(toMachine), grows: [], counts: "total" },
      { watch: queues({ device: "vnet1" }), grows: [] },
    ],
  },
  {
    name: "netem-on-tap",
    ms: 30,
    ...toMachineLate,
    ...netem("vnet1"),
    looks: [
      grows(stages(toMachine), "queue → driver"),
      { watch: queues({ device: "vnet1", ...udp }), grows: [{ label: "netem queued" }] },
    ],
  },
  {
    name: "netem-on-bridge-port",
    ms: 30,
    ...toMachineLate,
    ...netem("br0"),
    looks: [
      grows(stages(toMachine), "inner_queue → inner_driver"),
      { watch: queues({ device: "vnet1", ...udp }), grows: [] },
    ],
  },
  {
    name: "netem-on-ingress",
    ms: 30,
    ...toMachineLate,
    put: [
      "modprobe ifb numifbs=0; modprobe -a act_mirred cls_matchall sch_ingress",
      "ip link add ifb7 type ifb; ip link set ifb7 up; tc qdisc add dev ifb7 root netem delay 30ms",
      "tc qdisc add dev uplink0 ingress",
      "tc filter add dev uplink0 parent ffff: matchall action mirred egress redirect dev ifb7",
    ],
    undo: ["tc qdisc del dev uplink0 ingress", "ip link del ifb7"],
    looks: [
      {
        watch: stages(toMachine, ["repeated"]),
        // Packets pass the bridge's port, too: half of the samples are from there.
        grows: [{ label: "total" }, { label: "inner_queue → inner_driver", at: "p90", by: "p50" }],
        counts: "total",
      },
      { watch: queues({ device: "vnet1", ...udp }), grows: [] },
    ],
  },
  {
    name: "netem-on-uplink",
    ms: 30,
    ...routed,
    late: [wakes("vm1", "client"), oneWay("vm1", "client", 100)],
    ...netem("uplink0"),
    looks: [
      grows(stages(fromMachine), "queue → driver"),
      {
        watch: paths({
          from: "vnet1",
          to: "uplink0",
          protocol: "UDP",
          src: address.vm1,
          dst: address.client,
        }),
        grows: [{ label: "there" }],
      },
    ],
  },
  {
    name: "netem-from-stack",
    ms: 30,
    late: [oneWay("-", "client", 100)],
    ...netem("uplink0"),
    looks: [grows(stages(fromStack), "queue → driver")],
  },
  {
    name: "netem-under-tunnel",
    ms: 30,
    late: [wakes("vm1", "far"), oneWay("vm1", "far", 100)],
    ...netem("under0"),
    looks: [grows(stages(intoTunnel), "queue → driver")],
  },
  {
    name: "netem-in-machine",
    ms: 30,
    ...routed,
    late: [intoMachine, `$L echo client ${address.vm1} 40`],
    put: ["tc -n vm1 qdisc add dev eth0 root netem delay 30ms"],
    undo: ["tc -n vm1 qdisc del dev eth0 root"],
    looks: [
      {
        watch: paths({ from: "uplink0", to: "vnet1", ...pings }),
        grows: [{ label: "outside" }, { label: "total" }],
      },
      { watch: stages({ from: "uplink0", to: "vnet1", ...pings }), grows: [], counts: "total" },
    ],
  },
  {
    name: "tbf-queue",
    ms: 20,
    ...routed,
    // Ten at once, which leave one after the other.
    late: [intoMachine, oneWay("client", "vm1", 100, "1000 200 10")],
    put: ["tc qdisc add dev vnet1 root tbf rate 1mbit burst 2kb limit 100kb"],
    undo: ["tc qdisc del dev vnet1 root"],
    looks: [
      grows(stages(toMachine), "queue → driver"),
      { watch: queues({ device: "vnet1", ...udp }), grows: [{ label: "tbf queued", at: "p99" }] },
    ],
  },
  {
    name: "fq-pacing",
    ms: 20,
    ...routed,
    late: [intoMachine, oneWay("client", "vm1", 100, "1000 200 5")],
    put: ["modprobe sch_fq", "tc qdisc add dev vnet1 root fq maxrate 400kbit"],
    undo: ["tc qdisc del dev vnet1 root"],
    looks: [
      grows(stages(toMachine), "queue → driver"),
      { watch: queues({ device: "vnet1", ...udp }), grows: [{ label: "fq queued", at: "p99" }] },
    ],
  },
  {
    name: "backlog-of-busy-cpu",
    ms: 20,
    // Packets of the uplink are handled by CPU 1, where something comes before ksoftirqd: interrupts leave it what is more than they may handle.
    ready: [...routed.ready, `echo 2 > ${rps}`],
    after: [`echo 0 > ${rps}`, ...routed.after],
    late: [intoMachine, `$L starve 1 60 client vm1 ${address.vm1} ${port} 600 64 60 150`],
    calm: [intoMachine, `$L starve 1 0 client vm1 ${address.vm1} ${port} 600 64 60 150`],
    looks: [
      {
        watch: stages(toMachine),
        grows: [
          { label: "total", at: "p99" },
          { label: "backlog → rx", at: "p99" },
        ],
        counts: "total",
      },
      { watch: backlogs({ device: "uplink0", ...udp }), grows: [{ label: "uplink0 received", at: "p99" }] },
    ],
  },
  {
    name: "slow-upcalls",
    ms: 500,
    // The machines know each other then.
    ready: [wakes("vm1", "vm2")],
    late: [`$L upcalls $(cat /run/openvswitch/ovs-vswitchd.pid) 600 vm1 vm2 ${address.vm2} ${port} 20`],
    calm: [`$L upcalls $(cat /run/openvswitch/ovs-vswitchd.pid) 0 vm1 vm2 ${address.vm2} ${port} 20`],
    // A packet is asked about once more behind connection tracking, when the daemon is awake.
    looks: [
      {
        watch: stages(betweenMachines),
        grows: [{ label: "total" }, { label: "upcall → upcall_back", at: "p99" }],
        counts: "total",
      },
      { watch: upcalls("vnet1"), grows: [{ label: "answered", at: "p99" }] },
    ],
  },
];
