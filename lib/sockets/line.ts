import type { Value } from "../tables/index.js";
import { fields, readField, type Tokens } from "./fields.js";
import { generationOfToken } from "./generation.js";
import { timerMs } from "./units.js";

/** A socket as `ss` prints it. */
export interface Socket {
  /** Values from `flow` to the last column. */
  values: Value[];
  /** What tells it from the others of its sample. */
  key: string;
  /** The newest generation of counters that it has one of. */
  generation: number;
}

const head =
  /^(?:(?:tcp|mptcp)\s+)?(?:([A-Z][A-Z0-9-]*)\s+)?(\d+)\s+(\d+)\s+(\S+):([^\s:]+)\s+(\S+):([^\s:]+)(?=\s|$)(.*)$/s;

/** Whether a line begins a socket. */
export function isSocket(line: string): boolean {
  return head.test(line);
}

/** What every socket has, whatever else `ss` was asked. */
export interface Ends {
  state: string | null;
  /** Recv-Q and Send-Q. */
  queues: readonly [received: number, sent: number];
  own: { address: string; port: number | null; text: string };
  peer: { address: string; port: number | null; text: string };
  device: string | null;
  /** The kernel's cookie. */
  socket: string | null;
  timer: string | undefined;
  tokens: Tokens;
}

/** Reads what `ss` printed about one socket, its second line included; null for what is none. */
export function parseEnds(text: string): Ends | null {
  const [, state = null, received, sent, own, ownPort, peer, peerPort, rest] = head.exec(text) ?? [];
  if (own === undefined || peer === undefined || rest === undefined) return null;
  const [src, device] = addressOf(own);
  const [dst] = addressOf(peer);
  return {
    ...{ state, queues: [Number(received), Number(sent)], device },
    own: { address: src, port: portOf(ownPort), text: endOf(src, ownPort) },
    peer: { address: dst, port: portOf(peerPort), text: endOf(dst, peerPort) },
    ...tokensOf(rest),
  };
}

/** The same as the values of a sample. */
export function parseSocket(text: string, generation: number): Socket | null {
  const ends = parseEnds(text);
  if (ends === null) return null;
  const { state, queues, own, peer, device, socket, timer, tokens } = ends;
  const flow = `${own.text} → ${peer.text}`;
  const [name, left, repeats] = timer?.slice(1, -1).split(",") ?? [];
  const opening = state?.startsWith("SYN-") ?? false;
  const values: Value[] = [
    ...[flow, socket, state, own.address, own.port, peer.address, peer.port, device],
    ...[...queues, name ?? null, timerMs(left)],
    repeats === undefined ? null : Number(repeats),
    ...fields.map((field) => readField(field, tokens, generation, opening)),
  ];
  return { values, key: `${socket ?? ""} ${flow}`, generation: shown(tokens) };
}

/** Words whose value is the next word. */
const spaced = new Set(["send", "pacing_rate", "delivery_rate"]);
const knownFlags = new Set(
  [
    "ts",
    "sack",
    "ecn",
    "ecnseen",
    "fastopen",
    "usec_ts",
    "app_limited",
    "dual",
    "bidir",
    "qack",
    "v6only",
  ].concat(["cwnd_limited", "<->", "-->", "<--", "---"]),
);

/**
 * The words behind the addresses. Names of processes and control groups stand among them, which others choose: they are taken out, and where there are two
 * lines, only the second one has what the kernel counts.
 */
function tokensOf(rest: string): { tokens: Tokens; timer: string | undefined; socket: string | null } {
  const plain = rest.replace(/users:\(\(.*?\)\)(?=\s|$)/gs, " ");
  const [first = "", ...more] = plain.split(/\n|\t/).filter((part) => part.trim() !== "");
  const own = first.replace(/cgroup:\S*/, " ");
  const counted = more.length === 0 ? own : more.join(" ").replace(/cgroup:\S*/, " ");
  const named = new Map<string, string>();
  const flags = new Set<string>();
  let congestionControl: string | null = null;
  const words = counted.replace(/(\d) (us|ms|s|[KMGT]?bps)(?=\s|$|\/|,)/g, "$1$2").split(/\s+/);
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    const colon = word.indexOf(":");
    if (spaced.has(word)) {
      if (!named.has(word)) named.set(word, words[index + 1] ?? "");
      index++;
    } else if (colon > 0) {
      const name = word.slice(0, colon);
      if (!named.has(name)) named.set(name, word.slice(colon + 1));
    } else if (knownFlags.has(word)) flags.add(word);
    else if (congestionControl === null && /^[a-z][\w-]*$/.test(word)) congestionControl = word;
  }
  const socket = /\bsk:([0-9a-f]+)/.exec(own)?.[1] ?? null;
  const timer = /timer:(\([^)]*\))/.exec(own)?.[1];
  const info = named.has("rto") || named.has("mss") || named.has("cwnd") || named.has("rtt");
  return { tokens: { named, flags, info, congestionControl }, timer, socket };
}

function shown({ named, flags }: Tokens): number {
  const known = [...named.keys(), ...(flags.has("app_limited") ? ["delivery_rate"] : [])];
  return Math.max(0, ...known.map((token) => generationOfToken.get(token) ?? 0));
}

/** An address as it is everywhere else, and the device that stands beside it. */
function addressOf(text: string): [address: string, device: string | null] {
  const [, bare = text, device] = /^\[?([^\]%]*)(?:%([^\]]+))?\]?(?:%.*)?$/.exec(text) ?? [];
  const outside = /\]%(.+)$/.exec(text)?.[1];
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  return [mapped ?? bare, device ?? outside ?? null];
}

function portOf(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

function endOf(address: string, port: string | undefined): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
