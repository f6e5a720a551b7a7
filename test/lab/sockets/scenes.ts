import type { SocketScene } from "./scene.js";

/** Round trips of `ms`, by the router's queues, which are long enough for all that is under way. */
const away = (ms: number, more = "") => [
  `$R tc qdisc add dev to-b root netem delay ${ms / 2}ms ${more} limit 20000`,
  `$R tc qdisc add dev to-a root netem delay ${ms / 2}ms limit 20000`,
];
/** Some packets overtake others by 5 ms, on a way of 100 ms. */
const reordered = [
  "$R tc qdisc add dev to-b root netem delay 5ms loss 1% reorder 5% 50% limit 20000",
  "$R tc qdisc add dev to-a root netem delay 95ms limit 20000",
];
const both = (setting: string) => [`$A sysctl -qw ${setting}`, `$B sysctl -qw ${setting}`];
/** A link of so many bits a second on the way to `b`, with a queue of 40 kB in front. */
const narrow = (rate: string) => `$R tc qdisc add dev to-b root tbf rate ${rate} burst 10kb limit 40kb`;

const application = { limit: ["application"], primary: ["sender: application"] } as const;
const buffer = { limit: ["receiver window"], primary: ["receiver: receive buffer"] } as const;
const path = { limit: ["path"], primary: ["sender: path"] } as const;
const pacing = { limit: ["pacing"], primary: ["sender: path"] } as const;
const losses = {
  limit: ["loss", "congestion window"],
  primary: ["sender: path", "sender: congestion window"],
} as const;

/** Transfers with a known limit: one row per way to be slow. */
export const socketScenes: readonly SocketScene[] = [
  { name: "application-pauses", write: 20_000, writePauseMs: 50, ...application },
  {
    name: "slow-reader",
    read: 10_000,
    readPauseMs: 20,
    limit: ["receiver window"],
    primary: ["receiver: reader"],
    after: 3,
  },
  { name: "small-receive-buffer", put: away(40), rcvbuf: 30_000, ...buffer },
  {
    name: "small-send-buffer",
    put: away(40),
    sndbuf: 30_000,
    limit: ["send buffer"],
    primary: ["sender: socket buffer"],
  },
  {
    name: "window-scaling-off",
    put: [...away(80), ...both("net.ipv4.tcp_window_scaling=0")],
    ...buffer,
    after: 2,
  },
  { name: "losses", put: away(100, "loss 1%"), ...losses, seconds: 6, after: 2 },
  { name: "fq-maxrate", put: ["$A tc qdisc add dev eth0 root fq maxrate 2mbit"], ...pacing, after: 2 },
  // It holds all that leaves there, which no socket knows: the path begins behind the socket.
  {
    name: "own-shaper",
    put: ["$A tc qdisc add dev eth0 root tbf rate 2mbit burst 10kb limit 40kb"],
    ...path,
    after: 2,
    says: /own queueing discipline carried no more \(tbf on eth0: 2 Mbit\/s\)/,
  },
  { name: "max-pacing-rate", pacing: 250_000, ...pacing },
  { name: "bottleneck", put: [narrow("2mbit")], ...path, after: 2 },
  // Slow start takes its time: the window is what there is to send by, where the send buffer needs not grow with it.
  {
    name: "high-bdp",
    put: [...away(1000), "$A sysctl -qw 'net.ipv4.tcp_wmem=4096 4194304 4194304'"],
    limit: ["congestion window"],
    primary: ["sender: congestion window"],
    after: 0,
  },
  { name: "loss-and-reordering", put: reordered, ...losses, seconds: 6, after: 2 },
  { name: "shared-queue", put: [narrow("2mbit")], competing: 3, ...path, after: 2 },
  // Nagle's rule holds a small write back until the one before is acknowledged, which is delayed.
  { name: "small-writes", put: away(10), write: 100, writePauseMs: 10, ...application },
  { name: "nothing-but-the-application", put: away(20), write: 4_000, writePauseMs: 100, ...application },
];
