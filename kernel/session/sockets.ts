import { randomUUID } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { Reply, Router, XPublisher } from "zeromq";
import {
  address,
  type Channel,
  type Content,
  decode,
  type Message,
  newHeader,
  Sender,
} from "../wire/index.js";
import { answersWith } from "./answers.js";
import { Interrupter } from "./interrupter.js";
import type { Event, Order, Request, SocketsData } from "./orders.js";
import { PrintedGatherer } from "./printed.js";
import { signalGroup } from "./process-group.js";
import { Shared } from "./shared.js";

/** How long the main thread may take to end after it was told to. */
const shutdownMs = 3000;
const parentPollMs = 500;
/** How zeromq marks a message that says that somebody subscribes. */
const subscribed = 1;

// This thread owns all sockets, so that heartbeat, interrupt, shutdown and kernel_info are answered, and output
// is sent, while a cell keeps the main thread busy.
const { connection, buffer, frontEnd } = workerData as SocketsData;
if (parentPort === null) throw new Error("the sockets run in a worker thread");
const main = parentPort;
const session = randomUUID();
const shared = new Shared(buffer);
const interrupter = new Interrupter(shared, () => {
  const { interrupts: count, arrivals } = shared;
  tell({ kind: "interrupt", count, arrivals });
});

const options = { linger: 300 };
const routers = { shell: new Router(options), control: new Router(options), stdin: new Router(options) };
const heartbeat = new Reply(options);
// No high water mark: a publisher at its mark drops messages.
const iopub = new XPublisher({ ...options, sendHighWaterMark: 0 });
// Every subscriber is to be heard of, also one that wants what others want.
iopub.verbosity = "allSubs";
const senders = {
  shell: new Sender(routers.shell, connection.key),
  control: new Sender(routers.control, connection.key),
  stdin: new Sender(routers.stdin, connection.key),
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

const printed = new PrintedGatherer(({ name, text, parent }) => publish("stream", { name, text }, parent));

function reply({ channel, message }: Request, content: Content): void {
  senders[channel].send({
    identities: message.identities,
    header: newHeader(message.header.msg_type.replace("_request", "_reply"), session),
    parent: message.header,
    metadata: {},
    content,
  });
}

/** The question to the user that is open, if there is one. */
let question: string | undefined;

/** Asks the user of the client that sent a request. */
function ask({ message }: Request, content: Content): void {
  const header = newHeader("input_request", session);
  question = header.msg_id;
  const { identities, header: parent } = message;
  senders.stdin.send({ identities, header, parent, metadata: {}, content });
}

const answers = answersWith({
  interrupt: () => interrupter.raise(),
  shutdown,
});

function shutdown(): void {
  interrupter.raise();
  tell({ kind: "shutdown" });
  setTimeout(() => signalGroup("SIGKILL"), shutdownMs);
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
    const content = answer(request);
    if (content !== undefined) reply(request, content);
    publish("status", { execution_state: "idle" }, message.header);
  }
}

async function listenForAnswers(): Promise<void> {
  for await (const frames of routers.stdin) {
    const message = decode(frames, connection.key);
    if (message?.header.msg_type !== "input_reply") continue;
    // Where the front end says what it answers, it must not be a question that an interrupt has ended.
    const answered = message.parent.msg_id ?? question;
    if (answered === question) tell({ kind: "answer", text: String(message.content.value ?? "") });
  }
}

/** Tells every new subscriber that output will reach it from here on, and that the kernel is starting until somebody asks it something. */
async function welcome(): Promise<void> {
  for await (const [frame] of iopub) {
    if (frame?.[0] !== subscribed) continue;
    const subscription = frame.subarray(1).toString();
    senders.iopub.send({
      identities: subscription === "" ? [] : [Buffer.from(subscription)],
      header: newHeader("iopub_welcome", session),
      parent: {},
      metadata: {},
      content: { subscription },
    });
    // Not before: what is published as zeromq hears of a subscription comes to the subscriber ahead of its welcome.
    if (shared.arrivals === 0) publish("status", { execution_state: "starting" }, {});
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
  shared.orderRead();
  if (order.kind === "print") {
    printed.add(order.printed);
    return;
  }
  printed.flush();
  if (order.kind === "reply") reply(order.to, order.content);
  if (order.kind === "publish") publish(order.type, order.content, order.parent);
  if (order.kind === "ask") ask(order.client, order.content);
  if (order.kind === "close") close();
});
if (frontEnd !== undefined) endWithParent(frontEnd);
tell({ kind: "ready" });
await Promise.all([serve("shell"), serve("control"), listenForAnswers(), welcome(), beat()]);
// The main thread ends the process as soon as it hears of this: nothing of zeromq may be under way then.
setImmediate(() => shared.close());
