import { type Column, unixNanoseconds } from "../../tables/index.js";

/** Columns that several answers about TCP share. */
export const flow: Column = {
  name: "flow",
  type: "VARCHAR",
  meaning: "id of the connection, as flows() has it",
};
export const sender: Column = { name: "sender", type: "VARCHAR", meaning: "client or server: who sent it" };
export const frame: Column = { name: "frame", type: "INTEGER", meaning: "number of the packet in the file" };
export const time: Column = {
  name: "time_ns",
  type: "BIGINT",
  unit: unixNanoseconds,
  meaning: "when it was captured",
};
export const start: Column = {
  name: "start_ns",
  type: "BIGINT",
  unit: unixNanoseconds,
  meaning: "when it began",
};

/** The two ends of a connection. */
export const ends: Column[] = [
  { name: "client", type: "VARCHAR", meaning: "address of the client" },
  { name: "client_port", type: "INTEGER", meaning: "its port" },
  { name: "server", type: "VARCHAR", meaning: "address of the server" },
  { name: "server_port", type: "INTEGER", meaning: "its port" },
];

export function count(name: string, meaning: string, unit = "packets"): Column {
  return { name, type: "BIGINT", unit, meaning };
}

export function duration(name: string, meaning: string): Column {
  return { name, type: "BIGINT", unit: "ns", meaning };
}

export function flag(name: string, meaning: string): Column {
  return { name, type: "BOOLEAN", meaning };
}

export function word(name: string, meaning: string): Column {
  return { name, type: "VARCHAR", meaning };
}
