import { dns, ethernet, icmp, ip, tcp, udp } from "./build.js";
import { type Frames, Talk, together } from "./talk.js";

const client = "192.0.2.1";
const server = "198.51.100.1";
let identification = 30_000;

/** An IPv4 packet that is no other's copy. */
function packet(
  from: string,
  to: string,
  transport: "udp" | "icmp" | "esp" | "tcp",
  body: Buffer,
  ttl = 64,
): Buffer {
  return ip(from, to, transport, body, { id: ++identification, ttl });
}

const frame = (...args: Parameters<typeof packet>) => ethernet(packet(...args));

/** Something unrelated, so that the capture goes on for a while after the fault. */
export const later = (seconds: number): Frames => [
  [seconds, frame("192.0.2.8", "192.0.2.9", "udp", udp(9, 9, Buffer.alloc(8)))],
];

export function dnsTalk(
  seconds: number,
  id: number,
  name: string,
  answer?: { after: number; rcode?: number },
): Frames {
  const question: Frames = [[seconds, frame(client, server, "udp", udp(4000, 53, dns(id, name)))]];
  if (answer === undefined) return question;
  const { after, rcode = 0 } = answer;
  return [
    ...question,
    [seconds + after, frame(server, client, "udp", udp(53, 4000, dns(id, name, { rcode })))],
  ];
}

export function pingTalk(answers: (number | null)[], twice = false): Frames {
  return answers.flatMap((after, index): Frames => {
    const body = (reply: boolean) => icmp(reply ? 0 : 8, 0, [7, index + 1], Buffer.alloc(32, index));
    const request: Frames = [[index, frame(client, server, "icmp", body(false))]];
    const reply = (more: number): Frames => [
      [index + (after ?? 0) + more, frame(server, client, "icmp", body(true))],
    ];
    if (after === null) return request;
    return [...request, ...reply(0), ...(twice ? reply(0.2) : [])];
  });
}

interface DhcpOptions {
  transaction?: number;
  /** Last byte of the client's MAC address. */
  mac?: number;
  /** Address of the relay that passes it on to the server, or back. */
  relay?: string;
}

/** A message of DHCP, by its type. */
export function dhcpFrame(type: number, { transaction = 7, mac = 9, relay }: DhcpOptions = {}): Buffer {
  const answers = [2, 5, 6].includes(type);
  const body = Buffer.alloc(244);
  body.set([answers ? 2 : 1, 1, 6, 0, 0, 0, 0, transaction]);
  body.set([2, 0, 0, 0, 0, mac], 28);
  body.set([0x63, 0x82, 0x53, 0x63, 53, 1, type, 255], 236);
  if (relay !== undefined) {
    body.set(relay.split(".").map(Number), 24);
    const [src, dst] = answers ? ["192.0.2.1", relay] : [relay, "192.0.2.1"];
    return frame(src, dst, "udp", udp(67, 67, body));
  }
  return answers
    ? frame("192.0.2.1", "192.0.2.9", "udp", udp(67, 68, body))
    : frame("0.0.0.0", "255.255.255.255", "udp", udp(68, 67, body));
}

export function dhcp(messages: [seconds: number, type: number][], transaction = 7): Frames {
  return messages.map(([seconds, type]) => [seconds, dhcpFrame(type, { transaction })]);
}

function esp(numbers: number[]): Frames {
  return numbers.map((number, index) => {
    const body = Buffer.alloc(40, number & 255);
    body.writeUInt32BE(0x1234, 0);
    body.writeUInt32BE(number, 4);
    return [index / 10, frame(client, server, "esp", body)];
  });
}

function fragments(parts: number[]): Frames {
  const whole = udp(5000, 5001, Buffer.alloc(3000, 1));
  return parts.map((part) => {
    const piece = whole.subarray(part * 1480, (part + 1) * 1480);
    const options = { id: 29_999, moreFragments: part < 2, fragmentOffset: part * 1480 };
    return [part / 1000, ethernet(ip(client, server, "udp", piece, options))];
  });
}

/** An ICMP error of a router about a UDP packet. */
function complaint(type: number, code: number, rest: [number, number] = [0, 0]): Frames {
  const about = packet(client, server, "udp", udp(6000, 6001, Buffer.alloc(64)));
  const error = icmp(type, code, rest, about.subarray(0, 28));
  return [
    [0, ethernet(about)],
    [0.01, frame("192.0.2.254", client, "icmp", error)],
  ];
}

const traced = (): Frames =>
  [1, 2, 3].flatMap((hop): Frames => {
    const probe = packet(client, server, "udp", udp(44_000, 33_433 + hop, Buffer.alloc(32)), hop);
    const end = hop === 3;
    const error = icmp(end ? 3 : 11, end ? 3 : 0, [0, 0], probe.subarray(0, 28));
    return [
      [hop, ethernet(probe)],
      [hop + 0.01, frame(end ? server : `192.0.2.${100 + hop}`, client, "icmp", error)],
    ];
  });

const lossy = (lost: number, of = 40) => {
  const talk = new Talk().open().data("client", 200).ack("server");
  const step = Math.floor(of / Math.max(lost, 1));
  for (let segment = 0; segment < of; segment++) {
    const at = talk.at("server");
    talk.data("server");
    // Nobody acknowledges the first time: the timer runs out.
    if (lost > 0 && segment % step === 0 && segment / step < lost) talk.data("server", 1000, 0.4, at);
    talk.ack("client");
  }
  return talk.close().frames;
};

const stalled = (windows: number, opens: boolean, seconds: number) => {
  const talk = new Talk().open().exchange(3);
  for (let count = 0; count < windows; count++) {
    talk.data("server", 500 + count).ack("client", 0.01, { window: 0 });
    if (count < windows - 1) talk.ack("client", 0.05, { window: 900 });
  }
  talk
    .skip("server", -1)
    .ack("server", seconds)
    .skip("server", 1)
    .ack("client", 0.01, { window: opens ? 900 : 0 });
  return talk.frames;
};

const good = () => new Talk().open().exchange().close().frames;

/** Captures of things as they should be: no rule may speak. */
export const healthy = (): Frames =>
  together(
    good(),
    new Talk(40_001, 1).open().exchange(40).exchange(5).close().frames,
    dnsTalk(0.5, 1, "a.example", { after: 0.02 }),
    dnsTalk(0.7, 2, "none.example", { after: 0.02, rcode: 3 }),
    pingTalk([0.01, 0.012, 0.011, 0.01, 0.01, 0.011]),
    dhcp([
      [0, 1],
      [0.1, 2],
      [0.2, 3],
      [0.3, 5],
    ]),
    esp([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    fragments([0, 1, 2]),
    later(20),
  );

interface Fault {
  frames: Frames;
  snapLength?: number;
  /** What else the same fault makes true, beside its own rule. */
  also?: string[];
}

const opened = () => new Talk().open();

/** For every rule a capture that has its fault. */
export const faults: { [rule: string]: () => Fault } = {
  CAPTURE_MISSED_PACKETS: () => ({
    frames: together(
      opened().exchange(5).skip("server", 5000).ack("client").data("server").ack("client").close().frames,
      later(20),
    ),
  }),
  CAPTURE_COPIES: () => {
    const frames = good();
    return {
      frames: together(
        frames,
        frames.map(([seconds, bytes]) => [seconds + 0.0001, bytes]),
        later(20),
      ),
    };
  },
  CAPTURE_DISORDER: () => {
    const frames = together(good(), later(20));
    const [a, b] = [frames[7], frames[20]] as [Frames[number], Frames[number]];
    frames[7] = [b[0], a[1]];
    return { frames };
  },
  CAPTURE_CLOCK: () => ({
    // The clock is set back by 5 s between two pings.
    frames: together(pingTalk([0.01, 0.01, 0.01]), later(20)).map(([seconds, bytes], index) => [
      index < 4 ? seconds + 10 : seconds + 5,
      bytes,
    ]),
    also: ["CAPTURE_DISORDER"],
  }),
  CAPTURE_ONE_SIDED: () => ({
    frames: together(
      good().filter(([, bytes]) => bytes.readUInt16BE(34) === 40_000),
      later(20),
    ),
  }),
  CAPTURE_NO_SYN: () => ({ frames: together(good().slice(3), later(20)) }),
  CAPTURE_CUT_PACKETS: () => ({ frames: together(good(), later(20)), snapLength: 96 }),
  CAPTURE_SUPER_FRAMES: () => ({
    frames: together(
      opened().data("client").ack("server").data("server", 20_000).ack("client").close().frames,
      later(20),
    ),
  }),
  CAPTURE_CHECKSUM_OFFLOAD: () => ({
    frames: together(
      good().map(([seconds, bytes]) => {
        const own = Buffer.from(bytes);
        if (own.readUInt16BE(34) === 40_000) own.writeUInt16BE(0x1234, 50);
        return [seconds, own];
      }),
      later(20),
    ),
  }),
  TCP_SETUP_FAILED: () => ({
    frames: together(
      new Talk(43_000).segment("client", { seq: 100, flags: "SYN" }).frames,
      good(),
      later(20),
    ),
  }),
  TCP_SYN_REPEATED: () => {
    const talk = new Talk(41_000).segment("client", { seq: 100, flags: "SYN" });
    talk.seconds += 1;
    return {
      frames: together(talk.open(false).exchange().close().frames, later(20)),
      also: ["TCP_OPTIONS_OFF"],
    };
  },
  TCP_RESET: () => ({
    frames: together(
      opened().exchange(5).segment("server", { seq: 5701, flags: "RST" }, 4).frames,
      later(20),
    ),
  }),
  TCP_OPTIONS_OFF: () => ({ frames: together(new Talk().open(false).exchange().close().frames, later(20)) }),
  TCP_RESENT: () => ({ frames: together(lossy(3), later(40)), also: ["TCP_TIMEOUTS"] }),
  TCP_TIMEOUTS: () => ({ frames: together(lossy(3, 600), later(40)) }),
  TCP_SPURIOUS: () => {
    const talk = opened().exchange(300);
    for (let count = 0; count < 3; count++) {
      talk
        .data("server")
        .ack("client")
        .data("server", 1000, 1.2, talk.at("server") - 1000)
        .ack("client");
    }
    return { frames: together(talk.close().frames, later(40)) };
  },
  TCP_BURST: () => {
    const talk = opened().exchange(600);
    const first = talk.at("server");
    for (let count = 0; count < 6; count++) talk.data("server");
    for (let count = 0; count < 6; count++)
      talk.data("server", 1000, count === 0 ? 0.3 : 0.03, first + 1000 * count);
    return { frames: together(talk.ack("client").close().frames, later(40)) };
  },
  TCP_DUPLICATE_ACKS: () => {
    const talk = opened().exchange(60);
    const first = talk.at("server");
    talk.skip("server", 1000);
    const asked = { ack: first };
    for (let count = 0; count < 25; count++) talk.data("server").ack("client", 0.0001, asked);
    return {
      frames: together(talk.data("server", 1000, 0.0001, first).ack("client").close().frames, later(20)),
    };
  },
  TCP_OUT_OF_ORDER: () => {
    const talk = opened().data("client", 200).ack("server");
    for (let count = 0; count < 3; count++) {
      const at = talk.at("server");
      talk
        .skip("server", 1000)
        .data("server", 1000, 0.0001)
        .data("server", 1000, 0.0001, at)
        .ack("client", 0.01);
    }
    return { frames: together(talk.exchange(3).close().frames, later(20)) };
  },
  TCP_ZERO_WINDOW: () => ({ frames: together(stalled(4, true, 0.3), later(20)) }),
  TCP_STALLED: () => ({ frames: together(stalled(1, true, 5), later(20)) }),
  TCP_WINDOW_LIMITED: () => {
    const talk = opened().data("client", 200).ack("server").ack("client", 0.01, { window: 32 });
    for (let count = 0; count < 5; count++) {
      for (let segment = 0; segment < 4; segment++) talk.data("server", 1024);
      talk.ack("client", 0.01, { window: 32 });
    }
    return { frames: together(talk.close().frames, later(20)) };
  },
  TCP_SLOW_PATH: () => {
    const talk = opened().data("client", 200).ack("server");
    // Nobody holds the ack of two segments back.
    for (let count = 0; count < 10; count++) talk.data("server").data("server").ack("client", 0.25);
    return { frames: together(talk.close().frames, later(20)) };
  },
  TCP_SLOW_SERVER: () => ({
    frames: together(
      opened().data("client", 200).ack("server").data("server", 1000, 3).ack("client").close().frames,
      later(20),
    ),
  }),
  DNS_UNANSWERED: () => ({
    frames: together(dnsTalk(0, 1, "a.example"), dnsTalk(1, 2, "b.example", { after: 0.01 }), later(20)),
  }),
  CAPTURE_NO_ANSWERS: () => ({
    frames: together(pingTalk([null, null, null]), later(20)),
    also: ["PING_LOSS"],
  }),
  DNS_REPEATED: () => ({
    frames: together(dnsTalk(0, 1, "a.example"), dnsTalk(0.1, 1, "a.example", { after: 0.02 }), later(20)),
  }),
  DNS_SLOW: () => ({ frames: together(dnsTalk(0, 1, "a.example", { after: 0.4 }), later(20)) }),
  DNS_FAILED: () => ({ frames: together(dnsTalk(0, 1, "a.example", { after: 0.02, rcode: 2 }), later(20)) }),
  DNS_NXDOMAIN: () => ({
    frames: together(
      ...Array.from({ length: 12 }, (_, id) =>
        dnsTalk(id, id + 1, `${id}.example`, { after: 0.02, rcode: id < 6 ? 3 : 0 }),
      ),
      later(20),
    ),
  }),
  DHCP_FAILED: () => ({
    frames: dhcp([
      [0, 1],
      [1, 1],
      [3, 1],
    ]),
  }),
  PING_LOSS: () => ({
    frames: together(pingTalk([0.01, null, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01]), later(20)),
  }),
  PING_SLOW: () => ({ frames: together(pingTalk([0.2, 0.2, 0.2, 0.2]), later(20)) }),
  PING_JITTER: () => ({ frames: together(pingTalk([0.01, 0.09, 0.01, 0.08, 0.01]), later(20)) }),
  PING_DUPLICATES: () => ({ frames: together(pingTalk([0.01, 0.01, 0.01], true), later(20)) }),
  ICMP_UNREACHABLE: () => ({ frames: complaint(3, 1) }),
  ICMP_TOO_BIG: () => ({ frames: complaint(3, 4, [0, 1400]) }),
  ICMP_REASSEMBLY: () => ({ frames: complaint(11, 1) }),
  ICMP_PARAMETER_PROBLEM: () => ({ frames: complaint(12, 0) }),
  ICMP_LOOP: () => ({ frames: complaint(11, 0) }),
  TRACEROUTE_SEEN: () => ({ frames: traced() }),
  DATAGRAMS_LOST: () => ({ frames: esp([1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12]) }),
  DATAGRAMS_REORDERED: () => ({ frames: esp([1, 2, 4, 3, 5, 6, 7, 8, 9, 10]) }),
  FRAGMENTS_MISSING: () => ({ frames: together(fragments([0, 2]), later(20)) }),
  CHECKSUMS_BAD: () => {
    // What is acknowledged was received; this one was not, and is sent again.
    const talk = opened().exchange(300).data("server");
    const damaged = talk.frames.at(-1) as Frames[number];
    const bytes = Buffer.from(damaged[1]);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 0xff, bytes.length - 1);
    talk.frames.splice(-1, 1, [damaged[0], bytes]);
    const again = talk.data("server", 1000, 0.4, talk.at("server") - 1000).ack("client");
    return { frames: together(again.close().frames, later(20)) };
  },
  ROUTING_LOOP: () => {
    // Two routers send it to each other: between the same two addresses its TTL falls by 2.
    const body = udp(7000, 7001, Buffer.alloc(64));
    const round = (hop: number): Frames[number] => {
      const same = ip(client, server, "udp", body, { id: 77, ttl: 60 - hop });
      return [hop / 1000, ethernet(same, hop % 2 === 0 ? { src: 1, dst: 2 } : { src: 2, dst: 1 })];
    };
    return {
      frames: together(
        Array.from({ length: 59 }, (_, hop) => round(hop)),
        later(20),
      ),
      also: ["CAPTURE_POSSIBLE_COPIES"],
    };
  },
  CAPTURE_POSSIBLE_COPIES: () => {
    const same = Buffer.from(frame(client, server, "udp", udp(7000, 7001, Buffer.alloc(64))));
    // The same identification, and no checksum: nothing tells the second from the first.
    same.writeUInt16BE(0, 40);
    const sent = [0, 0.01, 0.02, 0.03].map((seconds): Frames[number] => [seconds, same]);
    return { frames: together(sent, later(20)) };
  },
};

/** A segment of a third connection, for captures that end before an answer can have come. */
export const lastSyn = (): Frames => [
  [0, frame(client, server, "tcp", tcp(42_000, 80, { seq: 1, flags: "SYN" }))],
];

/** Rules whose faults need a file that is damaged, or a capture that was made live. */
export const elsewhere = ["CAPTURE_DAMAGED", "CAPTURE_LOST_PACKETS"];
