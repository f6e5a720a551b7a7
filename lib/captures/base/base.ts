import { basename, join } from "node:path";
import {
  type Column,
  type Derivation,
  deriveFrame,
  deriveParquet,
  openParquet,
  type Table,
  unixNanoseconds,
} from "../../tables/index.js";
import { clockSql } from "./clock.js";
import { conversationsSql, sidesSql } from "./conversations.js";
import { copiesSql } from "./copies.js";
import { ownersAtOnePlaceSql, ownersSql } from "./owners.js";
import { placesSql, severalPlacesSql } from "./places.js";
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
  const files = new Map<Name, Promise<Table>>();
  const file = (name: Name): Promise<Table> => {
    const made = files.get(name) ?? write(name);
    files.set(name, made);
    return made;
  };
  const write = async (name: Name): Promise<Table> => {
    const { columns, from } = contents[name];
    const sources: Derivation["sources"] = { packets };
    for (const source of from) sources[source] = await file(source);
    const query = await queryOf(name, sources, packets.provenance);
    await deriveParquet(pathOf(name), { sources, query, columns, provenance: packets.provenance });
    return openFile(name, [pathOf(name)], packets);
  };
  const pathOf = (name: Name) => join(folder, `${name}.parquet`);
  // What doesn't need each other is made at the same time. The folder has to be nobody's when this ends, also where one of them fails.
  const ended = await Promise.allSettled(names.map(file));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
  return names.map(pathOf);
}

async function queryOf(
  name: Name,
  sources: Derivation["sources"],
  provenance: Table["provenance"],
): Promise<string> {
  const { query, shortcut } = contents[name];
  if (shortcut === undefined) return query;
  const found = await deriveFrame({
    sources,
    query: `SELECT true AS found FROM (${shortcut.unless})`,
    columns: [{ name: "found", type: "BOOLEAN", meaning: "the shortcut can't be taken" }],
    provenance,
  });
  return (found.shape[0] ?? 0) > 0 ? query : shortcut.query;
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

const names = ["untimed", "clock", "places", "owners", "conversations", "copies", "sides"] as const;
type Name = (typeof names)[number];

interface Content {
  query: string;
  columns: Column[];
  /** The files that it is made from, besides the packets. */
  from: readonly Name[];
  /** A cheaper query that gives the same unless another one finds something. */
  shortcut?: { unless: string; query: string };
}

const contents: Record<Name, Content> = {
  untimed: {
    query: untimedSql("packets"),
    columns: [{ name: "frame", type: "INTEGER", meaning: "a packet whose time can't be" }],
    from: [],
  },
  clock: { query: clockSql, columns: clock, from: ["untimed"] },
  places: {
    query: placesSql,
    columns: places,
    from: [],
    shortcut: {
      unless: severalPlacesSql,
      query: `SELECT ${places.map(({ name }) => `NULL AS ${name}`).join(", ")} LIMIT 0`,
    },
  },
  owners: {
    query: ownersSql,
    columns: owners,
    from: ["places"],
    shortcut: { unless: "FROM places LIMIT 1", query: ownersAtOnePlaceSql },
  },
  conversations: { query: conversationsSql, columns: conversations, from: ["owners"] },
  copies: { query: copiesSql, columns: copies, from: ["owners"] },
  sides: { query: sidesSql, columns: sides, from: ["owners", "conversations", "copies"] },
};
