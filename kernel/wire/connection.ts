import { readFileSync } from "node:fs";

/** A Jupyter connection file: where the five sockets are and the key that signs messages. */
export interface Connection {
  transport: "tcp" | "ipc";
  /** An address for tcp, a path prefix for ipc. */
  ip: string;
  key: string;
  signature_scheme: string;
  shell_port: number;
  control_port: number;
  iopub_port: number;
  stdin_port: number;
  hb_port: number;
}

export type Channel = "shell" | "control" | "iopub" | "stdin" | "hb";

export function readConnection(path: string): Connection {
  const connection = JSON.parse(readFileSync(path, "utf8")) as Connection;
  if (connection.signature_scheme !== "hmac-sha256") {
    throw new Error(`the signature scheme ${connection.signature_scheme} is not known: use hmac-sha256`);
  }
  return connection;
}

/** The zeromq address of a channel. */
export function address(connection: Connection, channel: Channel): string {
  const separator = connection.transport === "ipc" ? "-" : ":";
  return `${connection.transport}://${connection.ip}${separator}${connection[`${channel}_port`]}`;
}
