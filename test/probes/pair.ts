import { execa, type Result } from "execa";

/** Two network namespaces and a cable between them; their ends know each other for good, and say nothing of their own. */
export interface Pair {
  /** Its namespaces: what sends, by `device`, and what receives, by `peer`. */
  sending: string;
  receiving: string;
  device: string;
  peer: string;
  from: string;
  to: string;
  /** Runs a command in one of its namespaces. */
  inside(namespace: string, command: readonly string[]): Promise<Result>;
  /** Sends datagrams, and says how many nanoseconds that took. */
  send(datagrams: Datagrams): Promise<number>;
  remove(): Promise<void>;
}

export interface Datagrams {
  count: number;
  /** Bytes of each. */
  size: number;
  port: number;
  /** Seconds behind each. */
  gap?: number;
  /** On this CPU. */
  cpu?: number;
}

const sender = `
import socket, sys, time
to, port, count, size, gap = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
began = time.monotonic_ns()
for _ in range(count):
    out.sendto(bytes(size), (to, port))
    time.sleep(gap)
print(time.monotonic_ns() - began)
`;

/**
 * @param prefix of the names of its namespaces.
 * @param queues of each end, in each direction.
 */
export async function makePair(prefix: string, queues = 1): Promise<Pair> {
  const [sending, receiving] = [`${prefix}-out`, `${prefix}-in`];
  const [device, peer] = ["q0", "q1"];
  const [from, to] = ["198.51.100.1", "198.51.100.2"];
  const [fromMac, toMac] = ["02:00:00:00:00:01", "02:00:00:00:00:02"];
  const remove = async () => {
    for (const one of [sending, receiving]) await execa("ip", ["netns", "del", one], { reject: false });
  };
  const inside = (namespace: string, command: readonly string[]) =>
    execa("nsenter", [`--net=/run/netns/${namespace}`, ...command]);
  const ip = (line: string) => execa("ip", line.split(" "));
  await remove();
  try {
    for (const one of [sending, receiving]) {
      await ip(`netns add ${one}`);
      await inside(one, ["sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"]);
    }
    const many = `numtxqueues ${queues} numrxqueues ${queues}`;
    await ip(
      `link add ${device} address ${fromMac} netns ${sending} ${many} type veth peer name ${peer} address ${toMac} netns ${receiving} ${many}`,
    );
    await ip(`-n ${sending} addr add ${from}/24 dev ${device}`);
    await ip(`-n ${receiving} addr add ${to}/24 dev ${peer}`);
    await ip(`-n ${sending} link set ${device} up`);
    await ip(`-n ${receiving} link set ${peer} up`);
    await ip(`-n ${sending} neigh replace ${to} dev ${device} lladdr ${toMac} nud permanent`);
    await ip(`-n ${receiving} neigh replace ${from} dev ${peer} lladdr ${fromMac} nud permanent`);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    ...{ sending, receiving, device, peer, from, to, inside, remove },
    async send({ count, size, port, gap = 0, cpu }) {
      const pinned = cpu === undefined ? [] : ["taskset", "-c", String(cpu)];
      const asked = [port, count, size, gap].map(String);
      const { stdout } = await inside(sending, [...pinned, "python3", "-c", sender, to, ...asked]);
      return Number(stdout);
    },
  };
}
