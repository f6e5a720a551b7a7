import { basename, join } from "node:path";
import {
  type Column,
  type Derivation,
  deriveParquet,
  openParquet,
  type Table,
  unixNanoseconds,
} from "../../tables/index.js";
import { clockSql } from "./clock.js";
import { conversationsSql, sidesSql } from "./conversations.js";
import { copiesSql } from "./copies.js";
import { ownersSql } from "./owners.js";
import { placesSql } from "./places.js";
import { untimedSql } from "./untimed.js";

/** What every analysis of a packet Table starts from. */
export interface Base {
  packets: Table;
  /** One row per conversation. */
  conversations: Table;
  /** One row per packet: where it belongs. */
  sides: Table;
  /** Packets whose times can't be. */
  untimed: Table;
  /** One row: when the capture began and ended, and how many of its packets have a time that can't be. */
  clock: Table;
  /** Packets that are there twice. */
  copies: number;
  /** What the cache knows the packets by; null where they aren't kept. */
  key: string | null;
}

const bases = new WeakMap<Table, Base>();

/** Works out the conversations of a packet Table, into files of a folder, so that no session has to do it again. */
export async function writeBase(packets: Table, folder: string): Promise<string[]> {
  const sources: Derivation["sources"] = { packets };
  const paths: string[] = [];
  for (const name of names) {
    const path = join(folder, `${name}.parquet`);
    paths.push(path);
    const { query, columns } = contents[name];
    await deriveParquet(path, { sources, query, columns, provenance: packets.provenance });
    sources[name] = await openFile(name, paths, packets);
  }
  return paths;
}

/** Whether a file is one of those. */
export function isBaseFile(path: string): boolean {
  return names.some((name) => basename(path) === `${name}.parquet`);
}

/** Gives a packet Table what {@link writeBase} wrote for it. */
export async function openBase(packets: Table, paths: readonly string[], key: string | null): Promise<void> {
  const open = (name: Name) => openFile(name, paths, packets);
  const copies = await (await open("copies")).sql("SELECT count(*) FROM this WHERE proved");
  bases.set(packets, {
    packets,
    conversations: await open("conversations"),
    sides: await open("sides"),
    untimed: await open("untimed"),
    clock: await open("clock"),
    copies: Number(copies.values.flat()[0]),
    key,
  });
}

/** The conversations of a packet Table. */
export function baseOf(packets: Table): Base {
  return bases.get(packets) as Base;
}

function openFile(name: Name, paths: readonly string[], packets: Table): Promise<Table> {
  const files = paths.filter((path) => basename(path) === `${name}.parquet`);
  return openParquet(name, files, contents[name].columns, packets.provenance);
}

const conversations: Column[] = [
  { name: "flow_number", type: "INTEGER", meaning: "order of first packets" },
  { name: "flow", type: "VARCHAR", meaning: "id" },
  { name: "owner", type: "BIGINT", meaning: "number that its packets have in common" },
  { name: "direction_by", type: "VARCHAR", meaning: "what told client from server" },
  { name: "transport", type: "VARCHAR", meaning: "tcp, udp, ..." },
  { name: "stream", type: "INTEGER", meaning: "tcp_stream or udp_stream" },
  { name: "client", type: "VARCHAR", meaning: "address that opened it" },
  { name: "client_port", type: "INTEGER", meaning: "its port" },
  { name: "server", type: "VARCHAR", meaning: "the other address" },
  { name: "server_port", type: "INTEGER", meaning: "its port" },
  { name: "client_outer", type: "VARCHAR", meaning: "tunnel end on the client's side" },
  { name: "server_outer", type: "VARCHAR", meaning: "tunnel end on the server's side" },
  { name: "tunnel", type: "VARCHAR", meaning: "what encapsulated its first packet" },
  { name: "tunnel_id", type: "VARCHAR", meaning: "VNI, key, labels or session of its first packet" },
  { name: "vlan", type: "VARCHAR", meaning: "VLAN ids of its first packet" },
];

const sides: Column[] = [
  { name: "frame", type: "INTEGER", meaning: "number of the packet in the file" },
  { name: "flow_number", type: "INTEGER", meaning: "its conversation" },
  { name: "from_client", type: "BOOLEAN", meaning: "the client sent it" },
  { name: "about_number", type: "INTEGER", meaning: "conversation of the packet that it quotes" },
  { name: "copy", type: "BOOLEAN", meaning: "the capture has it already" },
  {
    name: "possible_copy",
    type: "BOOLEAN",
    meaning: "the capture has its like already, and nothing proves that it is a copy",
  },
];

const copies: Column[] = [
  { name: "frame", type: "INTEGER", meaning: "a packet that is there already" },
  { name: "proved", type: "BOOLEAN", meaning: "it is surely a copy" },
];

const clock: Column[] = [
  { name: "begin_ns", type: "BIGINT", unit: unixNanoseconds, meaning: "first time that can be" },
  { name: "end_ns", type: "BIGINT", unit: unixNanoseconds, meaning: "last time that can be" },
  { name: "packets", type: "BIGINT", unit: "packets", meaning: "in the Table" },
  {
    name: "impossible",
    type: "BIGINT",
    unit: "packets",
    meaning: "with a time that can't be: all where there are no times",
  },
];

const places: Column[] = [
  { name: "pair", type: "BIGINT", meaning: "number of a pair of ends" },
  { name: "place", type: "BIGINT", meaning: "number of a network and interface that it was seen in" },
  { name: "member", type: "BIGINT", meaning: "conversations of a pair have different ones" },
  { name: "members", type: "INTEGER", meaning: "how many the pair has" },
  { name: "label", type: "VARCHAR", meaning: "what tells them apart" },
];

const owners: Column[] = [
  { name: "frame", type: "INTEGER", meaning: "number of the packet in the file" },
  { name: "owner", type: "BIGINT", meaning: "number of its conversation" },
  { name: "about", type: "BIGINT", meaning: "number of the conversation that it quotes" },
  { name: "label", type: "VARCHAR", meaning: "network of the conversation" },
  { name: "member", type: "BIGINT", meaning: "which one of its pair of ends" },
];

/** The files, in the order in which they are made. */
const names = ["untimed", "clock", "places", "owners", "conversations", "copies", "sides"] as const;
type Name = (typeof names)[number];

const contents: Record<Name, { query: string; columns: Column[] }> = {
  untimed: {
    query: untimedSql("packets"),
    columns: [{ name: "frame", type: "INTEGER", meaning: "a packet whose time can't be" }],
  },
  clock: { query: clockSql, columns: clock },
  places: { query: placesSql, columns: places },
  owners: { query: ownersSql, columns: owners },
  conversations: { query: conversationsSql, columns: conversations },
  copies: { query: copiesSql, columns: copies },
  sides: { query: sidesSql, columns: sides },
};
