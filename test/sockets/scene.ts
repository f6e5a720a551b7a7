import { once } from "node:events";
import { execa } from "execa";
import { type LinkFaults, startLink } from "./link.js";

/** A sender and a receiver in network namespaces of their own, one link between them. Documentation addresses (RFC 5737). */
export interface SocketScene {
  sender: string;
  receiver: string;
  remove(): Promise<void>;
}

export const senderAddress = "192.0.2.1";
export const receiverAddress = "192.0.2.2";

const run = async (line: string) => {
  const [file, ...args] = line.split(" ") as [string, ...string[]];
  await execa(file, args);
};

export async function buildSocketScene(prefix: string, faults?: LinkFaults): Promise<SocketScene> {
  const [sender, receiver] = [`${prefix}-sender`, `${prefix}-receiver`];
  let link: { stop(): Promise<void> } | undefined;
  const remove = async () => {
    await link?.stop();
    for (const name of [sender, receiver]) await execa("ip", ["netns", "del", name], { reject: false });
  };
  await remove();
  for (const name of [sender, receiver]) {
    await run(`ip netns add ${name}`);
    await run(`ip -n ${name} link set lo up`);
  }
  const devices = faults === undefined ? ["eth0", "eth0"] : [`${prefix}-s`, `${prefix}-r`];
  const [atSender, atReceiver] = devices as [string, string];
  if (faults === undefined)
    await run(`ip link add eth0 netns ${sender} type veth peer name eth0 netns ${receiver}`);
  else
    link = await startLink(
      [
        [atSender, sender],
        [atReceiver, receiver],
      ],
      faults,
    );
  await run(`ip -n ${sender} addr add ${senderAddress}/24 dev ${atSender}`);
  await run(`ip -n ${receiver} addr add ${receiverAddress}/24 dev ${atReceiver}`);
  await run(`ip -n ${sender} link set ${atSender} up`);
  await run(`ip -n ${receiver} link set ${atReceiver} up`);
  for (const name of [sender, receiver]) await setting(name, "net.ipv4.tcp_congestion_control", "reno");
  return { sender, receiver, remove };
}

/** Sets a sysctl of a namespace. */
export async function setting(namespace: string, name: string, value: string): Promise<void> {
  await execa("nsenter", [`--net=/run/netns/${namespace}`, "sysctl", "-qw", `${name}=${value}`]);
}

/** Holds all that leaves a namespace to a rate. */
export async function shape(namespace: string, rate: string): Promise<void> {
  const tbf = ["tbf", "rate", rate, "burst", "20kb", "limit", "80kb"];
  await execa("ip", ["netns", "exec", namespace, "tc", "qdisc", "add", "dev", "eth0", "root", ...tbf]);
}

/** How the two ends behave. */
export interface Behaviour {
  /** SO_SNDBUF, SO_RCVBUF, SO_MAX_PACING_RATE (bytes/s); 0: left alone. */
  sndbuf?: number;
  rcvbuf?: number;
  pacing?: number;
  /** Bytes that the sender writes at once, and milliseconds that it waits after it. */
  write?: number;
  writePauseMs?: number;
  /** The same of the reader. */
  read?: number;
  readPauseMs?: number;
}

/** The receiving end: port, SO_RCVBUF, bytes that it reads at once, and milliseconds that it waits after it. */
export const receiving = `
use Socket; my ($port, $rcvbuf, $size, $pause) = @ARGV; $| = 1;
socket(my $s, PF_INET, SOCK_STREAM, 0); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
setsockopt($s, SOL_SOCKET, SO_RCVBUF, int($rcvbuf)) if $rcvbuf;
bind($s, sockaddr_in($port, INADDR_ANY)) or die $!; listen($s, 5); print "listening\\n";
accept(my $c, $s); my $buffer;
while (sysread($c, $buffer, $size)) { select(undef, undef, undef, $pause / 1000) if $pause }
`;
/** The sending end: address, port, SO_SNDBUF, SO_MAX_PACING_RATE, bytes that it writes at once, and milliseconds that it waits after it. */
export const sending = `
use Socket; my ($to, $port, $sndbuf, $rate, $size, $pause) = @ARGV; $| = 1;
socket(my $s, PF_INET, SOCK_STREAM, 0);
setsockopt($s, SOL_SOCKET, SO_SNDBUF, int($sndbuf)) if $sndbuf;
setsockopt($s, SOL_SOCKET, 47, pack("L", $rate)) if $rate;
connect($s, sockaddr_in($port, inet_aton($to))) or die $!; print "connected\\n";
my $data = "x" x $size;
while (defined syswrite($s, $data)) { select(undef, undef, undef, $pause / 1000) if $pause }
`;

export function receivingArgs(port: number, behaviour: Behaviour): number[] {
  const { rcvbuf = 0, read = 262_144, readPauseMs = 0 } = behaviour;
  return [port, rcvbuf, read, readPauseMs];
}

export function sendingArgs(address: string, port: number, behaviour: Behaviour): (string | number)[] {
  const { sndbuf = 0, pacing = 0, write = 262_144, writePauseMs = 0 } = behaviour;
  return [address, port, sndbuf, pacing, write, writePauseMs];
}

/** A transfer under way. */
export interface Transfer {
  stop(): Promise<void>;
}

/** Starts a transfer that goes on until it is stopped; it runs when this returns. */
export async function startTransfer(
  {
    sender,
    receiver,
    address = receiverAddress,
  }: Pick<SocketScene, "sender" | "receiver"> & { address?: string },
  port: number,
  behaviour: Behaviour = {},
): Promise<Transfer> {
  const listening = perl(receiver, receiving, receivingArgs(port, behaviour));
  await said(listening, "listening");
  const connected = perl(sender, sending, sendingArgs(address, port, behaviour));
  await said(connected, "connected");
  return {
    async stop() {
      for (const one of [connected, listening]) {
        one.kill("SIGKILL");
        await one;
      }
    },
  };
}

/** Waits for the first line of a program, which has to be this one. */
async function said(program: ReturnType<typeof perl>, word: string): Promise<void> {
  const [chunk] = (await once(program.stdout, "data")) as [Buffer];
  if (!String(chunk).startsWith(word)) throw new Error(`the transfer did not start: ${chunk}`);
}

function perl(namespace: string, program: string, args: readonly (string | number)[]) {
  return execa("ip", ["netns", "exec", namespace, "perl", "-e", program, ...args.map(String)], {
    reject: false,
    buffer: false,
  });
}
