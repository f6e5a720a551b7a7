import { Worker } from "node:worker_threads";
import type { Connection, Content, Message } from "../wire/index.js";
import type { Event, Order, Request, SocketsData } from "./orders.js";
import { isMore, type Printed } from "./printed.js";
import { signalGroup } from "./process-group.js";
import { Shared } from "./shared.js";

/** Up to this length text is gathered while the sockets are behind. */
const maxHeld = 64 * 1024;
/** How long an order waits for sockets that are behind. */
const patienceMs = 1000;

export interface Handlers {
  request(request: Request): void;
  /** The user has answered a question. */
  answer(text: string): void;
  /** The user wants to end what runs, and what had arrived by then; `count` numbers the wishes. */
  interrupt(count: number, arrivals: number): void;
  /** The client is done, or gone. */
  shutdown(): void;
}

/** The main thread's end of the thread that owns the sockets. */
export class Gateway {
  readonly shared = new Shared();
  /** Resolves when the sockets are there. */
  readonly listening: Promise<void>;
  readonly #worker: Worker;
  #held: Printed | undefined;
  #releasing: NodeJS.Timeout | undefined;

  constructor(connection: Connection, handlers: Handlers) {
    const data: SocketsData = {
      connection,
      buffer: this.shared.buffer,
      frontEnd: Number(process.env.JPY_PARENT_PID) || undefined,
    };
    this.#worker = new Worker(new URL("./sockets.js", import.meta.url), { workerData: data });
    let ready = () => {};
    this.listening = new Promise((resolve) => {
      ready = resolve;
    });
    this.#worker.on("message", (event: Event) => {
      if (event.kind === "ready") ready();
      if (event.kind === "request") handlers.request(event.request);
      if (event.kind === "answer") handlers.answer(event.text);
      if (event.kind === "interrupt") handlers.interrupt(event.count, event.arrivals);
      if (event.kind === "shutdown") handlers.shutdown();
    });
    // Whatever ends the process, sockets that are still open in a thread would abort it and lose the last messages.
    process.on("exit", () => {
      this.#order({ kind: "close" });
      this.shared.waitUntilClosed(2000);
      // This process hears the signal too; it is about to end by itself.
      signalGroup("SIGTERM");
    });
  }

  reply(to: Request, content: Content): void {
    this.#order({ kind: "reply", to, content });
  }

  publish(type: string, content: Content, parent: Message["parent"]): void {
    this.#order({ kind: "publish", type, content, parent });
  }

  /** Asks the user of the client that sent `client`. */
  ask(client: Request, content: Content): void {
    this.#order({ kind: "ask", client, content });
  }

  /** Sends text that a cell has printed. Where the sockets can't keep up, it is gathered here until they have. */
  print(printed: Printed): void {
    if (this.#held !== undefined && isMore(this.#held, printed)) {
      this.#held = { ...printed, text: this.#held.text + printed.text };
    } else {
      this.#release();
      this.#held = printed;
    }
    if (!this.shared.behind || this.#held.text.length >= maxHeld) this.#release();
    else this.#releasing ??= setTimeout(() => this.#release());
  }

  #release(): void {
    clearTimeout(this.#releasing);
    this.#releasing = undefined;
    if (this.#held === undefined) return;
    const printed = this.#held;
    this.#held = undefined;
    this.#post({ kind: "print", printed });
  }

  #order(order: Order): void {
    this.#release();
    this.#post(order);
  }

  /** A cell that shows things without a pause is slowed down: sockets that only read orders would hear no interrupt. */
  #post(order: Order): void {
    if (this.shared.behind) this.shared.waitUntilRead(patienceMs);
    this.shared.orderSent();
    this.#worker.postMessage(order);
  }
}
