import { type Random, randomNumbers } from "../fixtures/random.js";
import { ethernet, ip, type TcpOptions, tcp, udp, vxlan } from "./build.js";

type Frame = [seconds: number, frame: Buffer];
type Side = "client" | "server";

/** What is known of a connection that was made up. */
export interface Known {
  /** The sender's address and port, which no other connection of its tenant has. */
  port: number;
  vni: number | null;
  sender: Side;
  resentBytes: number;
  /** By kind. */
  resent: { [kind: string]: number };
  outOfOrder: number;
  duplicateAcks: number;
  keepAlives: number;
  zeroWindows: number;
  unseenAcks: number;
  /** Explanation and size of each gap, in order. */
  gaps: [explanation: string, bytes: number][];
  ending: string;
  endedBy: Side | null;
}

const modulus = 2 ** 32;
const roundTrip = 0.01;
/** Shorter than the round trip, so that nothing can have been sent again. */
const instant = 0.0001;

/** A connection made up of events by chance: one side sends, the other one acknowledges. What the capture lacks isn't in `frames`. */
class Made {
  readonly frames: Frame[] = [];
  readonly known: Known;
  private seconds: number;
  /** Numbers from each side's first one. */
  private next = 1;
  private readonly first: { sender: number; receiver: number };
  private acked = 1;
  private readonly stamps: boolean;
  private readonly selective: boolean;
  private window = 500;
  /** The receiver has said something. */
  private heard = false;

  constructor(
    private readonly random: Random,
    port: number,
    vni: number | null,
    start: number,
  ) {
    const sender = this.chance(0.5) ? "client" : "server";
    this.known = {
      ...{
        port,
        vni,
        sender,
        resentBytes: 0,
        resent: {},
        outOfOrder: 0,
        duplicateAcks: 0,
        keepAlives: 0,
        zeroWindows: 0,
      },
      ...{ unseenAcks: 0, gaps: [], ending: "open", endedBy: null },
    };
    this.seconds = start;
    // Half of them wrap soon.
    const isn = () => (this.chance(0.5) ? modulus - this.whole(1, 60_000) : this.whole(0, modulus - 1));
    this.first = { sender: isn(), receiver: isn() };
    this.stamps = this.chance(0.5);
    this.selective = this.chance(0.5);
    if (this.chance(0.8)) this.open();
    for (let event = this.whole(3, 15); event > 0; event--) this.happen();
    this.close();
  }

  private open(): void {
    const { sender } = this.known;
    const client = sender === "client" ? "sender" : "receiver";
    const server = client === "sender" ? "receiver" : "sender";
    const options = [2, 4, 5, 180, 4, 2, 1, 3, 3, 7, 0, 0];
    this.put(client, { seq: this.first[client], flags: "SYN", options }, instant);
    const answer = { seq: this.first[server], ack: this.first[client] + 1, flags: "SYN ACK", options };
    this.put(server, answer, roundTrip / 2);
    this.put(
      client,
      { seq: this.first[client] + 1, ack: this.first[server] + 1, flags: "ACK" },
      roundTrip / 2,
    );
  }

  private happen(): void {
    const events = [
      () => this.transfer(),
      () => this.lostBehind(),
      () => this.lostBefore(),
      () => this.overtaken(),
      () => this.needless(),
      () => this.overlapping(),
      () => this.missed(),
      () => this.ackFirst(),
      () => this.asked(),
      () => this.stalled(),
    ];
    (events[this.whole(0, events.length - 1)] as () => void)();
  }

  /** So many bytes: a segment, or more than one by offloading. */
  private size(): number {
    return this.chance(0.2) ? this.whole(1461, 20_000) : this.whole(2, 1460);
  }

  private transfer(): void {
    for (let segment = this.whole(1, 4); segment > 0; segment--) this.send(this.size());
    this.acknowledge();
  }

  /** A segment is lost after it was captured; later ones make duplicate acks; then it comes again, in one piece or two. */
  private lostBehind(): void {
    const begin = this.next;
    const lost = this.size();
    this.send(lost);
    const behind = this.behind();
    this.again(begin, lost, behind);
    this.acknowledge();
  }

  /** A segment is lost before the point of capture. */
  private lostBefore(): void {
    const begin = this.next;
    // Something has to be there before it, else nobody knows that it is missing.
    if (this.frames.length === 0) return;
    const lost = this.size();
    this.next += lost;
    const behind = this.behind();
    this.known.gaps.push(["resent", lost]);
    const fast = behind >= 3;
    this.data(begin, lost, fast ? roundTrip * 1.5 : 0.3);
    this.count(fast ? "fast" : "rto", lost);
    this.acknowledge();
  }

  /** Segments behind one that is missing; each makes a duplicate ack. */
  private behind(): number {
    const hole = this.acked;
    let duplicates = 0;
    for (let segment = this.whole(1, 5); segment > 0; segment--) {
      // The first ack of all repeats nothing that is there.
      if (this.heard) duplicates++;
      const from = this.next;
      this.send(this.size());
      this.ack(hole, roundTrip / 2, this.selective ? [from, this.next] : []);
    }
    this.known.duplicateAcks += duplicates;
    return duplicates;
  }

  private again(begin: number, bytes: number, duplicates: number): void {
    const fast = duplicates >= 2;
    this.seconds += fast ? 0 : 0.3;
    if (!fast || this.chance(0.7)) {
      this.data(begin, bytes, instant);
      this.count(fast ? "fast" : "rto", bytes);
      return;
    }
    const half = Math.ceil(bytes / 2);
    this.data(begin, half, instant);
    this.count("fast", half);
    this.data(begin + half, bytes - half, instant);
    this.count("recovery", bytes - half);
  }

  /** Two segments are turned around. */
  private overtaken(): void {
    if (this.frames.length === 0) return;
    const begin = this.next;
    const bytes = this.size();
    this.next += bytes;
    this.send(this.size());
    // It had been sent first.
    this.data(begin, bytes, instant, 2 * instant);
    this.known.outOfOrder++;
    this.known.gaps.push(["out of order", bytes]);
    if (this.heard) this.known.duplicateAcks++;
    this.ack(begin, instant, []);
    this.acknowledge();
  }

  /** What was acknowledged is sent again. */
  private needless(): void {
    const begin = this.next;
    const bytes = this.size();
    this.send(bytes);
    this.acknowledge();
    this.data(begin, bytes, 0.3);
    this.count("spurious", bytes);
  }

  /** The end of a segment comes again with what is new. */
  private overlapping(): void {
    const bytes = this.size();
    this.send(bytes);
    const again = this.whole(1, bytes);
    const more = this.whole(1, 1000);
    this.data(this.next - again, again + more, 0.3);
    this.count("rto", again);
    this.next += more;
    this.acknowledge();
  }

  /** The capture misses a segment that the receiver gets. */
  private missed(): void {
    if (this.frames.length === 0) return;
    const bytes = this.size();
    this.next += bytes;
    if (this.chance(0.5)) this.send(this.size());
    this.known.gaps.push(["missed by the capture", bytes]);
    this.known.unseenAcks++;
    this.acknowledge();
  }

  /** The ack is captured right before its data. */
  private ackFirst(): void {
    if (this.frames.length === 0) return;
    const begin = this.next;
    const bytes = this.size();
    this.next += bytes;
    this.acknowledge();
    this.data(begin, bytes, 0.000_004, roundTrip / 2);
    this.known.gaps.push(["captured after its ack", bytes]);
  }

  /** A keep-alive and its answer. */
  private asked(): void {
    if (this.frames.length === 0) return;
    this.data(this.next - 1, this.chance(0.5) ? 0 : 1, 10);
    this.known.keepAlives++;
    this.ack(this.next, roundTrip, []);
  }

  /** The receiver is full for a while, and is asked twice. */
  private stalled(): void {
    this.send(this.size());
    this.window = 0;
    this.acknowledge();
    for (const seconds of [0.3, 0.6]) {
      const linux = this.chance(0.5);
      this.data(linux ? this.next - 1 : this.next, linux ? 0 : 1, seconds);
      this.known.keepAlives++;
      this.ack(this.next, roundTrip, []);
    }
    this.known.zeroWindows += 3;
    this.window = 500;
    this.ack(this.next, roundTrip, []);
  }

  private close(): void {
    const { known } = this;
    const how = this.whole(0, 4);
    const other: Side = known.sender === "client" ? "server" : "client";
    if (this.frames.length === 0) this.transfer();
    if (how === 0) return;
    if (how === 1) {
      known.ending = "reset";
      known.endedBy = known.sender;
      this.put("sender", { seq: this.number("sender", this.next), ack: 0, flags: "RST" }, 1);
      return;
    }
    known.endedBy = known.sender;
    known.ending = "half closed";
    this.put(
      "sender",
      { seq: this.number("sender", this.next), ack: this.number("receiver", 1), flags: "FIN ACK" },
      instant,
    );
    this.next++;
    this.ack(this.next, roundTrip, []);
    if (how === 2) return;
    if (how === 3) {
      known.ending = "reset";
      known.endedBy = other;
      this.put(
        "receiver",
        { seq: this.number("receiver", 1), ack: this.number("sender", this.next), flags: "RST ACK" },
        1,
      );
      return;
    }
    known.ending = "closed";
    this.put(
      "receiver",
      { seq: this.number("receiver", 1), ack: this.number("sender", this.next), flags: "FIN ACK" },
      instant,
    );
    this.put(
      "sender",
      { seq: this.number("sender", this.next), ack: this.number("receiver", 2), flags: "ACK" },
      roundTrip,
    );
  }

  private send(bytes: number): void {
    this.data(this.next, bytes, instant);
    this.next += bytes;
  }

  private data(from: number, bytes: number, after: number, delay = 0): void {
    const flags = bytes > 0 ? "PSH ACK" : "ACK";
    this.put(
      "sender",
      { seq: this.number("sender", from), ack: this.number("receiver", 1), flags, payload: bytes },
      after,
      delay,
    );
  }

  /** Everything so far. */
  private acknowledge(): void {
    this.ack(this.next, roundTrip / 2, []);
  }

  private ack(upTo: number, after: number, block: number[]): void {
    this.acked = upTo;
    const edges = Buffer.alloc(12);
    edges.set([1, 1, 5, 10]);
    for (const [index, edge] of block.entries())
      edges.writeUInt32BE(this.number("sender", edge), 4 + 4 * index);
    const options = block.length > 0 ? [...edges] : [];
    const ack = this.number("sender", upTo);
    this.put("receiver", { seq: this.number("receiver", 1), ack, flags: "ACK", options }, after);
  }

  private count(kind: string, bytes: number): void {
    const { known } = this;
    known.resentBytes += bytes;
    known.resent[kind] = (known.resent[kind] ?? 0) + 1;
  }

  private number(of: "sender" | "receiver", place: number): number {
    return (this.first[of] + place) % modulus;
  }

  private put(from: "sender" | "receiver", options: TcpOptions, after: number, delay = 0): void {
    this.seconds += after;
    this.heard ||= from === "receiver";
    const { sender, port, vni } = this.known;
    const fromClient = (from === "sender") === (sender === "client");
    const ends = ["192.0.2.1", "198.51.100.1"] as const;
    const [src, dst] = fromClient ? ends : [ends[1], ends[0]];
    const stamp = Buffer.alloc(12);
    stamp.set([1, 1, 8, 10]);
    stamp.writeUInt32BE(Math.floor((this.seconds - delay) * 1000) + 5, 4);
    const window = from === "receiver" ? this.window : 500;
    const segment = {
      window,
      ...options,
      seq: options.seq % modulus,
      ack: (options.ack ?? 0) % modulus,
      options: [...(options.options ?? []), ...(this.stamps && !options.flags.includes("RST") ? stamp : [])],
    };
    const ports: [number, number] = fromClient ? [port, 80] : [80, port];
    identification = (identification + 1) % 65_536;
    const packet = ip(src, dst, "tcp", tcp(...ports, segment), { id: identification });
    this.frames.push([this.seconds, vni === null ? ethernet(packet) : tunnelled(vni, packet)]);
  }

  private chance(part: number): boolean {
    return this.random() < part;
  }

  private whole(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }
}

let identification = 0;

function tunnelled(vni: number, packet: Buffer): Buffer {
  const body = udp(50_000, 4789, vxlan(vni, ethernet(packet)));
  return ethernet(ip("203.0.113.1", "203.0.113.2", "udp", body, { id: identification }));
}

/** Connections of so many seeds, of several tenants with the same addresses, in one capture; of every third one not in the order of time. */
export function connections(firstSeed: number, count: number): { frames: Frame[]; known: Known[] } {
  const made = Array.from({ length: count }, (_, index) => {
    const vni = [null, 100, 200][index % 3] as number | null;
    const random = randomNumbers(firstSeed + index);
    // The first numbers of this generator are near each other.
    for (let turn = 0; turn < 20; turn++) random();
    return new Made(random, 20_000 + Math.floor(index / 3), vni, index / 7);
  });
  const jitter = randomNumbers(firstSeed);
  const turned = firstSeed % 3 === 0 ? () => jitter() / 2000 : () => 0;
  const frames = made
    .flatMap((each) => each.frames)
    .map((frame) => ({ frame, at: frame[0] + turned() }))
    .sort((a, b) => a.at - b.at)
    .map(({ frame }) => frame);
  return { frames, known: made.map(({ known }) => known) };
}
