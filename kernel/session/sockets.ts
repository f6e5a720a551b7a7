import { randomUUID } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { Publisher, Reply, Router } from "zeromq";
import {
  address,
  type Channel,
  type Connection,
  type Content,
  decode,
  type Message,
  newHeader,
  Sender,
} from "../wire/index.js";
import { Interrupter } from "./interrupter.js";
import { Shared } from "./shared.js";

/** What the main thread tells the sockets. */
export type Order =
  | { kind: "reply"; to: Request; content: Content }
  | { kind: "publish"; type: string; content: Content; parent: Message["parent"] }
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
  | { kind: "interrupt"; count: number }
  | { kind: "shutdown" };

export interface SocketsData {
  connection: Connection;
  buffer: SharedArrayBuffer;
  kernelInfo: Content;
  /** The process that this kernel works for, where it is known. */
  frontEnd: number | undefined;
}

/** How long the main thread may take to end after it was told to. */
const shutdownMs = 3000;
const parentPollMs = 500;

// This thread owns all sockets, so that heartbeat, interrupt, shutdown and kernel_info are answered, and output
// is sent, while a cell keeps the main thread busy.
const { connection, buffer, kernelInfo, frontEnd } = workerData as SocketsData;
if (parentPort === null) throw new Error("the sockets run in a worker thread");
const main = parentPort;
const session = randomUUID();
const shared = new Shared(buffer);
const interrupter = new Interrupter(shared, () => tell({ kind: "interrupt", count: shared.interrupts }));

const options = { linger: 300 };
const routers = { shell: new Router(options), control: new Router(options), stdin: new Router(options) };
const heartbeat = new Reply(options);
// No high water mark: a publisher at its mark drops messages.
const iopub = new Publisher({ ...options, sendHighWaterMark: 0 });
const senders = {
  shell: new Sender(routers.shell, connection.key),
  control: new Sender(routers.control, connection.key),
  iopub: new Sender(iopub, connection.key),
};

function tell(event: Event): void {
  main.postMessage(event);
}

function publish(type: string, content: Content, parent: Message["parent"]): void {
  senders.iopub.send({
    identities: [Buffer.from(type)],
    header: newHeader(type, session),
    parent,
    metadata: {},
    content,
  });
}

function reply({ channel, message }: Request, content: Content): void {
  senders[channel].send({
    identities: message.identities,
    header: newHeader(message.header.msg_type.replace("_request", "_reply"), session),
    parent: message.header,
    metadata: {},
    content,
  });
}

/** Requests that need nothing from the main thread. */
const answers: Record<string, (request: Request) => Content> = {
  kernel_info_request: () => ({ status: "ok", ...kernelInfo }),
  comm_info_request: () => ({ status: "ok", comms: {} }),
  interrupt_request: () => {
    interrupter.raise();
    return { status: "ok" };
  },
  shutdown_request: ({ message }) => {
    shutdown();
    return { status: "ok", restart: message.content.restart === true };
  },
};

function shutdown(): void {
  interrupter.raise();
  tell({ kind: "shutdown" });
  setTimeout(() => process.kill(process.pid, "SIGKILL"), shutdownMs);
}

async function serve(channel: "shell" | "control"): Promise<void> {
  for await (const frames of routers[channel]) {
    const message = decode(frames, connection.key);
    if (message === undefined) continue;
    const request = { channel, arrival: shared.arrived(), message };
    const answer = answers[message.header.msg_type];
    if (answer === undefined) {
      tell({ kind: "request", request });
      continue;
    }
    publish("status", { execution_state: "busy" }, message.header);
    reply(request, answer(request));
    publish("status", { execution_state: "idle" }, message.header);
  }
}

async function beat(): Promise<void> {
  for await (const frames of heartbeat) await heartbeat.send(frames);
}

async function close(): Promise<void> {
  await Promise.all(Object.values(senders).map((sender) => sender.drained()));
  for (const socket of [...Object.values(routers), heartbeat, iopub]) socket.close();
}

/** A kernel whose front end was killed would stay forever: Jupyter's own kernels watch their parent too. */
function endWithParent(frontEnd: number): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent && exists(frontEnd)) return;
    clearInterval(timer);
    shutdown();
  }, parentPollMs);
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

const sockets: Record<Channel, { bind(address: string): Promise<void> }> = {
  ...routers,
  hb: heartbeat,
  iopub,
};
for (const [channel, socket] of Object.entries(sockets)) {
  await socket.bind(address(connection, channel as Channel));
}
main.on("message", (order: Order) => {
  if (order.kind === "reply") reply(order.to, order.content);
  if (order.kind === "publish") publish(order.type, order.content, order.parent);
  if (order.kind === "close") close();
});
if (frontEnd !== undefined) endWithParent(frontEnd);
publish("status", { execution_state: "starting" }, {});
tell({ kind: "ready" });
await Promise.all([serve("shell"), serve("control"), beat()]);
// The main thread ends the process as soon as it hears of this: nothing of zeromq may be under way then.
setImmediate(() => shared.close());
