import type { Connection, Content, Message } from "../wire/index.js";
import type { Printed } from "./printed.js";

/** What the main thread tells the sockets. */
export type Order =
  | { kind: "reply"; to: Request; content: Content }
  | { kind: "publish"; type: string; content: Content; parent: Message["parent"] }
  | { kind: "ask"; client: Request; content: Content }
  | { kind: "print"; printed: Printed }
  | { kind: "close" };

/** A request that the main thread must answer. */
export interface Request {
  channel: "shell" | "control";
  arrival: number;
  message: Message;
}

/** What the sockets tell the main thread. */
export type Event =
  | { kind: "ready" }
  | { kind: "request"; request: Request }
  | { kind: "answer"; text: string }
  | { kind: "interrupt"; count: number; arrivals: number }
  | { kind: "shutdown" };

export interface SocketsData {
  connection: Connection;
  buffer: SharedArrayBuffer;
  /** The process that this kernel works for, where it is known. */
  frontEnd: number | undefined;
}
