import { type Column, deriveTable, type Table } from "../../tables/index.js";
import { conversationsSql, sidesSql } from "./conversations.js";
import { copiesSql } from "./copies.js";

/** What every analysis of a packet Table starts from. */
export interface Base {
  packets: Table;
  /** One row per conversation. */
  conversations: Table;
  /** One row per packet: where it belongs. */
  sides: Table;
  /** Packets that are there twice. */
  copies: number;
}

const made = new WeakMap<Table, Promise<Base>>();

/** Works out the conversations of a packet Table, once. */
export function baseOf(packets: Table): Promise<Base> {
  let base = made.get(packets);
  if (base === undefined) {
    base = work(packets);
    made.set(packets, base);
    base.catch(() => made.delete(packets));
  }
  return base;
}

async function work(packets: Table): Promise<Base> {
  const { provenance } = packets;
  const conversations = await deriveTable("conversations", {
    sources: { packets },
    query: conversationsSql,
    columns: conversationColumns,
    provenance,
  });
  const copies = await deriveTable("copies", {
    sources: { packets },
    query: copiesSql,
    columns: [{ name: "frame", type: "INTEGER", meaning: "a packet that is there already" }],
    provenance,
  });
  const sides = await deriveTable("sides", {
    sources: { packets, conversations, copies },
    query: sidesSql,
    columns: sideColumns,
    provenance,
  });
  return { packets, conversations, sides, copies: await copies.count() };
}

const conversationColumns: Column[] = [
  { name: "flow_number", type: "INTEGER", meaning: "order of first packets" },
  { name: "flow", type: "VARCHAR", meaning: "id" },
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
  { name: "tunnel_id", type: "VARCHAR", meaning: "VNI or key of its first packet" },
  { name: "vlan", type: "VARCHAR", meaning: "VLAN ids of its first packet" },
];

const sideColumns: Column[] = [
  { name: "frame", type: "INTEGER", meaning: "number of the packet in the file" },
  { name: "flow_number", type: "INTEGER", meaning: "its conversation" },
  { name: "from_client", type: "BOOLEAN", meaning: "the client sent it" },
  { name: "about_number", type: "INTEGER", meaning: "conversation of the packet that it quotes" },
  { name: "copy", type: "BOOLEAN", meaning: "the capture has it already" },
];
