import {
  type AddressWords,
  addressFilters,
  addressOf,
  type Bpf,
  bpf,
  type Field,
  field,
  fields,
  filter,
  type HookAt,
  joined,
  numbers,
  packet,
  port,
  swapped16,
} from "../../lib/probes/index.js";
import type { Column } from "../../lib/tables/index.js";

// The addresses and ports of a socket are kept in the variables that those of packets have: its own are the source's, its peer's the destination's.
const { version, src, dst, srcPort, dstPort } = packet;

/** Which ends of a socket are asked for. */
export interface Ends {
  own: boolean;
  peer: boolean;
}

const both: Ends = { own: true, peer: true };
const addressesOf = ({ own, peer }: Ends): AddressWords[] => [...(own ? [src] : []), ...(peer ? [dst] : [])];

/** IPv4 in IPv6 as IPv4: a socket of IPv6 carries both. */
function unmap(ends: Ends): Bpf {
  const all = addressesOf(ends);
  const { high, low } = all.at(-1) as AddressWords;
  return bpf`if (${high} == 0 && (${low} & 0xffffffff) == 0xffff0000) { ${version} = 4;
    ${joined(
      all.map((one) => bpf`${one.low} = ${one.low} >> 32 & 0xffffffff;`),
      " ",
    )} }`;
}

/** Statements that read whose socket it is, of a tracepoint that has addresses of IPv6 for all, those of IPv4 mapped. */
export function readMapped(at: HookAt): Bpf {
  return bpf`${version} = 6; ${srcPort} = ${at.arg("sport")}; ${dstPort} = ${at.arg("dport")};
  ${src.high} = ${at.argBytes("saddr_v6", 0, 8)}; ${src.low} = ${at.argBytes("saddr_v6", 8, 8)};
  ${dst.high} = ${at.argBytes("daddr_v6", 0, 8)}; ${dst.low} = ${at.argBytes("daddr_v6", 8, 8)};
  ${unmap(both)}`;
}

/** The same of a tracepoint that has a struct sockaddr for each end, of those that are asked for. */
export function readSockaddr(at: HookAt, ends: Ends = both): Bpf {
  const sides = [
    ...(ends.own ? [{ name: "saddr", word: bpf`$own`, words: src, portName: "sport", port: srcPort }] : []),
    ...(ends.peer ? [{ name: "daddr", word: bpf`$peer`, words: dst, portName: "dport", port: dstPort }] : []),
  ];
  const first = sides.map(
    ({ name, word, words, portName, port }) => bpf`${word} = ${at.argBytes(name, 0, 8)};
  ${port} = ${at.hasArg(portName) ? at.arg(portName) : swapped16(bpf`(${word} >> 16)`)};
  ${words.high} = 0; ${words.low} = ${word} >> 32 & 0xffffffff;`,
  );
  const rest = sides.map(
    ({ name, words }) =>
      bpf`${words.high} = ${at.argBytes(name, 8, 8)}; ${words.low} = ${at.argBytes(name, 16, 8)};`,
  );
  const [one] = sides;
  if (one === undefined) return bpf``;
  return bpf`${joined(first, "\n  ")}
  ${version} = 4;
  if ((${one.word} & 0xffff) != ${afInet}) { ${version} = 6;
    ${joined(rest, "\n    ")}
    ${unmap(ends)} }`;
}

/** AF_INET. */
const afInet = 2;

/** Which sockets are looked at, all of them by filters in the kernel. */
export const socketFilters = {
  src: {
    ...addressFilters.src,
    meaning: "own address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`",
  },
  dst: { ...addressFilters.dst, meaning: "address or prefix of the peer, IPv4 or IPv6" },
  ip: addressFilters.ip,
  srcPort: filter({ schema: port, meaning: "own port", test: (value) => bpf`${srcPort} == ${value}` }),
  dstPort: filter({
    schema: port,
    meaning: "port of the peer",
    test: (value) => bpf`${dstPort} == ${value}`,
  }),
  port: filter({
    schema: port,
    meaning: "port of either end",
    test: (value) => bpf`(${srcPort} == ${value} || ${dstPort} == ${value})`,
  }),
};

const ownColumn: Column = { name: "src", type: "VARCHAR", meaning: "own address; IPv4 in IPv6 as IPv4" };
const ownPortColumn: Column = {
  name: "src_port",
  type: "INTEGER",
  meaning: "own port; null where it had none any more",
};
const peerColumn: Column = { name: "dst", type: "VARCHAR", meaning: "address of the peer" };
const peerPortColumn: Column = { name: "dst_port", type: "INTEGER", meaning: "port of the peer" };

const readAddress = (versionWord = "0", high = "0", low = "0") => {
  const known = Number(BigInt(versionWord) & 0xffn);
  return known === 4 || known === 6 ? addressOf(known, high, low) : null;
};
/** A socket that is closed has given its port back. */
const readPort = (word: bigint) => (word === 0n ? null : Number(word));

/** Ports and version of IP in one word, of the ends that were read: as {@link portsOf} takes them apart. */
export const portsWord = ({ own, peer }: Ends = both): Bpf =>
  bpf`${own ? srcPort : 0} << 32 | ${peer ? dstPort : 0} << 16 | ${own || peer ? version : 0}`;

export function portsOf(word: string) {
  const bits = BigInt(word);
  return { version: bits & 0xffffn, own: bits >> 32n, peer: (bits >> 16n) & 0xffffn };
}

/** Statements that take such a word, in a variable, apart. */
export const unpackPorts = (word: Bpf): Bpf =>
  bpf`${srcPort} = ${word} >> 32; ${dstPort} = ${word} >> 16 & 0xffff; ${version} = ${word} & 0xff;`;

/** What {@link socketKeys} are read of, where a map keeps a socket's {@link portsWord}, both halves of both addresses, and its cookie; of no process. */
export function wordsOfSocket(kept: readonly string[], by: readonly string[]): string[] {
  const [ports = "0", srcHigh = "0", srcLow = "0", dstHigh = "0", dstLow = "0", socket = "0"] = kept;
  const { version, own, peer } = portsOf(ports);
  const words: { readonly [key: string]: readonly string[] } = {
    peer: [`${version}`, dstHigh, dstLow],
    own: [`${version}`, srcHigh, srcLow],
    own_port: [`${own}`],
    peer_port: [`${peer}`],
    flow: [ports, srcHigh, srcLow, dstHigh, dstLow],
    socket: [socket],
    process: ["0"],
  };
  return by.flatMap((key) => words[key] ?? []);
}

/** Whose socket it is: own address and port, and those of the peer. */
export const flowField: Field = fields({
  columns: [ownColumn, ownPortColumn, peerColumn, peerPortColumn],
  words: numbers(5),
  say: () => [portsWord(), src.high, src.low, dst.high, dst.low],
  read: ([word = "0", srcHigh, srcLow, dstHigh, dstLow]) => {
    const { version, own, peer } = portsOf(word);
    return [
      ...[readAddress(`${version}`, srcHigh, srcLow), readPort(own)],
      ...[readAddress(`${version}`, dstHigh, dstLow), readPort(peer)],
    ];
  },
});

/** What samples can be taken by. */
export const socketKeys = {
  peer: field({
    ...peerColumn,
    words: numbers(3),
    say: () => [version, dst.high, dst.low],
    read: ([word, high, low]) => readAddress(word, high, low),
  }),
  own: field({
    ...ownColumn,
    words: numbers(3),
    say: () => [version, src.high, src.low],
    read: ([word, high, low]) => readAddress(word, high, low),
  }),
  own_port: field({ ...ownPortColumn, say: () => srcPort }),
  peer_port: field({ ...peerPortColumn, say: () => dstPort }),
  flow: flowField,
  socket: field({
    name: "socket",
    type: "VARCHAR",
    meaning: "the kernel's cookie of the socket, as `ss -e` and `socketSamples` show it: never used twice",
    say: (at) => at.arg("sock_cookie"),
    read: ([cookie = "0"]) => BigInt.asUintN(64, BigInt(cookie)).toString(16),
  }),
} satisfies Record<string, Field>;

const ofOwn = ["own", "own_port", "flow", "src", "srcPort", "ip", "port"];
const ofPeer = ["peer", "peer_port", "flow", "dst", "dstPort", "ip", "port"];

/** Which ends have to be read for what samples are taken by, and for the filters that were asked for. */
export function endsOf(by: readonly string[], parameters: { readonly [name: string]: unknown }): Ends {
  const given = Object.keys(parameters).filter((name) => parameters[name] !== undefined);
  const names = new Set([...by, ...given]);
  return { own: ofOwn.some((name) => names.has(name)), peer: ofPeer.some((name) => names.has(name)) };
}

/** States of TCP by their numbers (include/net/tcp_states.h), as `ss` names them. */
export const states: readonly (string | null)[] = [
  null,
  ...["ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"],
  ...["CLOSED", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING", "NEW-SYN-RECV"],
];
export const established = 1;
export const synSent = 2;
export const synReceived = 3;
export const closed = 7;

/** Where segments of established connections come in. */
export const segment = "tracepoint:tcp:tcp_probe";
