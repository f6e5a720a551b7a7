import { ethernet, ip, type TcpOptions, tcp } from "./build.js";

/** Frames with the seconds at which they are captured. */
export type Frames = [seconds: number, frame: Buffer][];

const mss = [2, 4, 5, 180];
const sackPermitted = [4, 2];
const windowScale = [1, 3, 3, 7];
const stamp = (value: number, echo: number) => {
  const bytes = Buffer.alloc(10);
  bytes.set([8, 10]);
  bytes.writeUInt32BE(value, 2);
  bytes.writeUInt32BE(echo, 6);
  return [...bytes];
};

/** Identifications of IPv4 that no two packets near each other share: equal ones would be copies. */
let identification = 0;
const nextIdentification = () => {
  identification = (identification + 1) % 65_536;
  return identification;
};

/** A TCP connection that is made up segment by segment: keeps numbers and times. A round trip takes 10 ms. */
export class Talk {
  readonly frames: Frames = [];
  seconds: number;
  private window = 1000;
  private readonly next = { client: 101, server: 501 };

  constructor(
    private readonly port = 40_000,
    start = 0,
    private readonly ends = { client: "192.0.2.1", server: "198.51.100.1" },
    private readonly serverPort = 80,
  ) {
    this.seconds = start;
  }

  /** The handshake, with all options or none: then the window isn't scaled. */
  open(options = true): this {
    if (!options) this.window = 60_000;
    const syn = (echo: number) =>
      options ? [...mss, ...sackPermitted, ...stamp(1, echo), ...windowScale] : [];
    this.segment("client", { seq: 100, flags: "SYN", options: syn(0) });
    this.segment("server", { seq: 500, ack: 101, flags: "SYN ACK", options: syn(1) }, 0.01);
    return this.ack("client", 0.0001);
  }

  /** Data, or data again where `seq` is given. */
  data(from: Side, payload: number | string = 1000, after = 0.0001, seq?: number): this {
    const bytes = typeof payload === "number" ? payload : Buffer.from(payload);
    this.segment(
      from,
      { seq: seq ?? this.next[from], ack: this.next[other(from)], flags: "PSH ACK", payload: bytes },
      after,
    );
    if (seq === undefined) this.next[from] += typeof bytes === "number" ? bytes : bytes.length;
    return this;
  }

  ack(from: Side, after = 0.01, own: Partial<TcpOptions> = {}): this {
    return this.segment(
      from,
      { seq: this.next[from], ack: this.next[other(from)], flags: "ACK", ...own },
      after,
    );
  }

  /** Both FINs and their acks. */
  close(): this {
    for (const side of ["client", "server"] as const) {
      this.segment(side, { seq: this.next[side], ack: this.next[other(side)], flags: "FIN ACK" }, 0.001);
      this.next[side] += 1;
    }
    return this.ack("client");
  }

  /** A request, and an answer of so many segments, acknowledged one by one. */
  exchange(segments = 20): this {
    this.data("client", 200).ack("server");
    for (let segment = 0; segment < segments; segment++) this.data("server").ack("client");
    return this;
  }

  /** Where the next byte of a side is. */
  at(side: Side): number {
    return this.next[side];
  }

  /** Moves on as if the next bytes of a side had been sent. */
  skip(side: Side, bytes: number): this {
    this.next[side] += bytes;
    return this;
  }

  segment(from: Side, segment: TcpOptions, after = 0): this {
    this.seconds += after;
    const server = from === "server";
    const [src, dst] = server ? [this.serverPort, this.port] : [this.port, this.serverPort];
    const bytes = tcp(src, dst, { window: this.window, ...segment });
    const packet = ip(this.ends[from], this.ends[other(from)], "tcp", bytes, { id: nextIdentification() });
    this.frames.push([this.seconds, ethernet(packet)]);
    return this;
  }
}

export type Side = "client" | "server";

function other(side: Side): Side {
  return side === "client" ? "server" : "client";
}

/** Frames of several conversations in the order of time. */
export function together(...all: Frames[]): Frames {
  return all.flat().sort(([a], [b]) => a - b);
}
