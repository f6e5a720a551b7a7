import { memoryOf } from "./fields.js";
import { type Moment, momentOf, nothingTold, type Told, tellEnd, tellFact } from "./framing.js";
import { type Ends, parseEnds } from "./line.js";
import { endWord, factWord, openingWord, ownerWord, sampleWord } from "./script.js";

/** A process that has a socket open. */
export interface Owner {
  process: number;
  command: string;
}

/** A listening socket, over all samples that it is in. */
export interface Listening {
  address: string;
  port: number | null;
  device: string | null;
  socket: string | null;
  /** None: nobody may know. */
  owners: readonly Owner[];
  /** Connections that its queue holds at most before it is full, by the last sample. */
  limit: number;
  last: number;
  /** How often its queue had which length. */
  lengths: Map<number, number>;
  samples: number;
  full: number;
  /** Handshakes under way to its address and port, at most in one sample. */
  opening: number;
  /** What it has dropped since it is there, by its first and its last sample; null: not told. */
  drops: { first: bigint; last: bigint } | null;
}

/** A host has fewer listening sockets in a namespace; what is beyond is counted. */
export const maxListening = 10_000;
const maxText = 64 * 2 ** 10;
const users = /\susers:\((.*)\)(?=\s|$)/;

/** Reads what the sampler of listening sockets says, line by line. */
export class ListenReader {
  readonly heard: Told & { unread: number; beyond: number } = { ...nothingTold(), unread: 0, beyond: 0 };
  /** By cookie, or by address where there is none. */
  readonly sockets = new Map<string, Listening>();
  /** Of TCP in the network namespace, by the first and the last sample: `ListenOverflows`. */
  readonly counters = new Map<string, { first: bigint; last: bigint }>();
  private readonly owners = new Map<string, readonly Owner[]>();
  private current: Moment | null = null;
  private pending = "";
  private ends: Ends[] = [];
  private counted = new Map<string, bigint>();
  private names = new Map<string, string[]>();
  private opening = new Map<string, number>();

  take(line: string): void {
    const [word = "", ...rest] = line.split(" ");
    if (word === factWord) tellFact(this.heard, rest[0] ?? "", rest.slice(1));
    else if (word === ownerWord) this.own(line.slice(ownerWord.length + 1));
    else if (word === sampleWord) this.begin(momentOf(rest));
    else if (this.current === null) return;
    else if (word === endWord) this.end(rest);
    else if (word === openingWord) {
      this.settle();
      this.open(endOf(rest[0] ?? ""), rest[1] ?? "");
    } else if (/^Tcp(?:Ext)?:$/.test(word)) this.count(word, rest);
    else if (/^\s/.test(line)) {
      if (this.pending.length + line.length <= maxText) this.pending += `\n${line.trimEnd()}`;
    } else if (line !== "" && !/^(?:State\s+)?Recv-Q\s/.test(line)) {
      this.settle();
      this.pending = line.trimEnd();
    }
  }

  /** Handshakes under way to an end, which `ss` may write in several ways. */
  private open(end: string, count: string): void {
    if (!/^\d{1,9}$/.test(count) || (this.opening.size >= maxListening && !this.opening.has(end))) return;
    this.opening.set(end, (this.opening.get(end) ?? 0) + Number(count));
  }

  private own(text: string): void {
    // A name may have any characters: it ends where no other end is possible.
    const plain = text.replace(/cgroup:\S*/, " ");
    const ends = parseEnds(plain.replace(users, " "));
    if (ends?.socket == null || this.owners.size >= maxListening) return;
    const [, list = ""] = users.exec(plain) ?? [];
    const owners = [...list.matchAll(/\("(.{0,15})",pid=(\d{1,10}),fd=\d+\)(?=,\(|$)/g)].map(
      ([, command = "", process]) => ({ command, process: Number(process) }),
    );
    this.owners.set(ends.socket, owners);
  }

  private begin(moment: Moment | null): void {
    this.current = moment;
    this.pending = "";
    this.ends = [];
    this.counted = new Map();
    this.names = new Map();
    this.opening = new Map();
  }

  /** A line of names, then a line of values. */
  private count(group: string, words: string[]): void {
    const names = this.names.get(group);
    if (names === undefined) this.names.set(group, words);
    else {
      names.forEach((name, at) => {
        const value = words[at] ?? "";
        if (/^\d{1,20}$/.test(value)) this.counted.set(name, BigInt(value));
      });
    }
  }

  /** The socket whose lines are complete joins its sample. */
  private settle(): void {
    const text = this.pending;
    this.pending = "";
    if (text === "") return;
    const ends = parseEnds(text);
    if (ends === null || !ends.queues.every(Number.isSafeInteger)) this.heard.unread += 1;
    else if (this.ends.length >= maxListening) this.heard.beyond += 1;
    else this.ends.push(ends);
  }

  private end([sample, ...rest]: readonly string[]): void {
    this.settle();
    const moment = this.current;
    this.current = null;
    if (moment === null || moment.sample !== Number(sample) || !tellEnd(this.heard, moment, rest)) return;
    for (const [name, last] of this.counted)
      this.counters.set(name, { first: this.counters.get(name)?.first ?? last, last });
    const opening = openingOf(this.ends, this.opening);
    for (const ends of this.ends) this.join(ends, opening.get(ends) ?? 0);
  }

  private join(ends: Ends, opening: number): void {
    const { own, device, socket, queues, tokens } = ends;
    const [length, limit] = queues;
    const key = socket ?? `${own.text}%${device}`;
    const told = memoryOf(tokens, "d");
    const dropped = told === null ? null : BigInt(told as number | bigint);
    const known = this.sockets.get(key);
    if (known === undefined && this.sockets.size >= maxListening) {
      this.heard.beyond += 1;
      return;
    }
    const one: Listening = known ?? {
      ...{ address: own.address, port: own.port, device, socket, limit, last: length },
      ...{ owners: this.owners.get(socket ?? "") ?? [], lengths: new Map(), samples: 0, full: 0, opening: 0 },
      drops: dropped === null ? null : { first: dropped, last: dropped },
    };
    this.sockets.set(key, one);
    one.limit = limit;
    one.last = length;
    one.lengths.set(length, (one.lengths.get(length) ?? 0) + 1);
    one.samples += 1;
    if (length > limit) one.full += 1;
    one.opening = Math.max(one.opening, opening);
    if (one.drops !== null && dropped !== null) one.drops.last = dropped;
  }
}

/** `[::ffff:192.0.2.1%eth0]:80` as `192.0.2.1:80`, as far as it names an end. */
function endOf(text: string): string {
  return parseEnds(`0 0 ${text} *:*`)?.own.text ?? text;
}

/** Any address, as `ss` has it: of both versions of IP, or of one. */
const any = ["*", "0.0.0.0", "::"];

/** Handshakes go to the socket that listens on their very address, else to one that listens on any. */
function openingOf(all: readonly Ends[], opening: ReadonlyMap<string, number>): Map<Ends, number> {
  const exact = new Set(all.map(({ own }) => own.text));
  const others = [...opening].filter(([end]) => !exact.has(end));
  return new Map(
    all.map((ends): [Ends, number] => {
      const { address, port, text } = ends.own;
      const rest = any.includes(address)
        ? others.filter(([end]) => end.endsWith(`:${port}`) && fits(address, end))
        : [];
      return [ends, rest.reduce((sum, [, count]) => sum + count, opening.get(text) ?? 0)];
    }),
  );
}

function fits(listening: string, end: string): boolean {
  const isOfIpv6 = end.startsWith("[");
  return listening === "*" || (listening === "::") === isOfIpv6;
}
