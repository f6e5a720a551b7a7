import { transferReport } from "../../../lib/index.js";
import { type Behaviour, receiving, receivingArgs, sending, sendingArgs } from "../../sockets/scene.js";
import type { KernelVersion } from "../kernels.js";
import type { Lab } from "../lab.js";
import { rowsOf } from "../layers.js";
import { script } from "../script.js";
import type { Limit, SocketScene } from "./scene.js";

/** What was said of a transfer. */
export interface SocketComparison {
  scene: string;
  kernel: KernelVersion;
  summary: string;
  pipeline: string;
  primary: string;
  /** `ok`, or what is wrong. */
  verdict: string;
  /** transferReport's sentence. */
  beside: string;
}

const port = 5_201;
const [addressOfA, addressOfB] = ["10.78.1.1", "10.78.2.1"];
const netns = { sender: "sock-a", receiver: "sock-b" };
const namespaces = ["sock-a", "sock-r", "sock-b"];

/** Samples that tell; a machine of whose time others take much is looked at for longer. */
const enough = 8;
const attempts = 3;

/** Words of transferReport's verdict that only one limit has. */
const words: Readonly<Record<Limit, RegExp>> = {
  application: /its sending application gave nothing more to send/,
  "send buffer": /its send buffer/,
  "receiver window": /its receiver's window allowed no more|its receiving application read too slowly/,
  "congestion window": /its congestion window was full/,
  pacing: /own limit/,
  loss: /what was lost was being sent again/,
  path: /the path carried no more/,
};

/** Runs transfers, one after the other, and says what each is said to be held up by. */
export async function* compareSockets(
  lab: Lab,
  scenes: readonly SocketScene[],
): AsyncGenerator<SocketComparison> {
  await script(lab.host, [
    ...Object.entries({ receive: receiving, send: sending }).map(
      ([name, text]) => `cat >/run/lab/${name}.pl <<'END'${text}END`,
    ),
  ]);
  for (const scene of scenes) {
    const compared = await compareOne(lab, scene).catch((error: Error) => ({
      ...{ summary: "-", pipeline: "-", primary: "-", verdict: "failed" },
      beside: error.message.replaceAll(/\s+/g, " "),
    }));
    yield { scene: scene.name, kernel: lab.kernel, ...compared };
  }
}

async function compareOne(lab: Lab, scene: SocketScene): Promise<Omit<SocketComparison, "scene" | "kernel">> {
  const ports = Array.from({ length: 1 + (scene.competing ?? 0) }, (_, index) => port + index);
  try {
    await script(
      lab.host,
      [
        ...machines,
        ...(scene.put ?? []),
        ...ports.flatMap((at) => started(at, at === port ? scene : {})),
        `sleep ${scene.after ?? 1}`,
      ],
      `the scene ${scene.name}`,
    );
    for (let attempt = 1; ; attempt += 1) {
      const said = await looked(lab, (scene.seconds ?? 5) * attempt);
      if (said.samples >= enough || attempt === attempts) return { ...said, verdict: judged(scene, said) };
    }
  } finally {
    await script(
      lab.host,
      [
        ...ports.flatMap((at) => [`/mnt/finish send-${at} || true`, `/mnt/finish receive-${at} || true`]),
        ...namespaces.map((name) => `ip netns del ${name} 2>/dev/null || true`),
      ],
      `the scene ${scene.name}`,
    );
  }
}

type Said = Pick<SocketComparison, "summary" | "pipeline" | "primary" | "beside"> & { samples: number };

async function looked({ host }: Lab, seconds: number): Promise<Said> {
  const asked = { dst: addressOfB, port, everyMs: 200, seconds, netns, probes: false, captures: false };
  const { sender, pipeline, verdict } = await transferReport(host, host, asked);
  const [summary] = rowsOf(sender.connections);
  return {
    ...{
      summary: String(summary?.limit),
      pipeline: String(pipeline.limit),
      primary: String(pipeline.primary),
    },
    beside: verdict,
    samples: Number(summary?.samples),
  };
}

function judged({ limit, primary, says }: SocketScene, said: Said): string {
  if (said.samples < enough) return `only ${said.samples} samples`;
  if (said.summary !== said.pipeline) return "Summary and Pipeline differ";
  const named = limit.find((one) => one === said.pipeline);
  if (named === undefined) return `${limit.join(" or ")} was missed`;
  if (!primary.includes(said.primary)) return `${primary.join(" or ")} was missed`;
  return (says ?? words[named]).test(said.beside) ? "ok" : "transferReport says something else";
}

/** Two machines with a router between them; on the way nothing is merged. */
const machines = [
  ...namespaces.map((name) => `ip netns add ${name}; ip -n ${name} link set lo up`),
  "A='nsenter --net=/run/netns/sock-a'; R='nsenter --net=/run/netns/sock-r'; B='nsenter --net=/run/netns/sock-b'",
  "ip -n sock-r link add to-a type veth peer name eth0 netns sock-a",
  "ip -n sock-r link add to-b type veth peer name eth0 netns sock-b",
  "ip -n sock-r addr add 10.78.1.254/24 dev to-a; ip -n sock-r addr add 10.78.2.254/24 dev to-b",
  `ip -n sock-a addr add ${addressOfA}/24 dev eth0; ip -n sock-b addr add ${addressOfB}/24 dev eth0`,
  "for of in 'sock-a eth0' 'sock-b eth0' 'sock-r to-a' 'sock-r to-b'; do set -- $of; ip -n $1 link set $2 up gso_max_segs 1; done",
  "ip -n sock-a route add default via 10.78.1.254; ip -n sock-b route add default via 10.78.2.254",
  "$R sysctl -qw net.ipv4.ip_forward=1",
  'for on in "$A" "$B"; do $on sysctl -qw net.ipv4.tcp_congestion_control=reno net.ipv4.tcp_no_metrics_save=1; done',
];

function started(at: number, behaviour: Behaviour): string[] {
  const program = (name: string, on: string, args: readonly (string | number)[], says: string) => [
    `/mnt/background ${name}-${at} ${on} perl /run/lab/${name}.pl ${args.join(" ")}`,
    `until grep -q ${says} /run/lab/${name}-${at}.log; do sleep 0.1; done`,
  ];
  return [
    ...program("receive", "$B", receivingArgs(at, behaviour), "listening"),
    ...program("send", "$A", sendingArgs(addressOfB, at, behaviour), "connected"),
  ];
}
