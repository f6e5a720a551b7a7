import { Worker } from "node:worker_threads";
import type { Connection, Content, Message } from "../wire/index.js";
import { signalGroup } from "./process-group.js";
import { Shared } from "./shared.js";
import type { Event, Order, Request, SocketsData } from "./sockets.js";

export interface Handlers {
  request(request: Request): void;
  /** The user has answered a question. */
  answer(text: string): void;
  /** The user wants the running cell to end; `count` numbers the wishes. */
  interrupt(count: number): void;
  /** The client is done, or gone. */
  shutdown(): void;
}

/** The main thread's end of the thread that owns the sockets. */
export class Gateway {
  readonly shared = new Shared();
  readonly #worker: Worker;

  constructor(connection: Connection, handlers: Handlers) {
    const data: SocketsData = {
      connection,
      buffer: this.shared.buffer,
      frontEnd: Number(process.env.JPY_PARENT_PID) || undefined,
    };
    this.#worker = new Worker(new URL("./sockets.js", import.meta.url), { workerData: data });
    this.#worker.on("message", (event: Event) => {
      if (event.kind === "request") handlers.request(event.request);
      if (event.kind === "answer") handlers.answer(event.text);
      if (event.kind === "interrupt") handlers.interrupt(event.count);
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

  #order(order: Order): void {
    this.#worker.postMessage(order);
  }
}
