import inspector from "node:inspector";
import type { Shared } from "./shared.js";

/** How long the main thread may take to notice an interrupt before its code is stopped by force. */
const patienceMs = 300;

/**
 * Interrupts the main thread from the thread of the sockets. It is asked first; code that never returns to the
 * event loop can't be asked, so it is terminated: by SIGINT where the cell's first, synchronous part runs (the vm
 * listens for it), by the inspector where the loop comes after an await.
 */
export class Interrupter {
  readonly #shared: Shared;
  readonly #ask: (count: number) => void;

  constructor(shared: Shared, ask: (count: number) => void) {
    this.#shared = shared;
    this.#ask = ask;
  }

  raise(): void {
    const count = this.#shared.raised();
    this.#ask(count);
    this.#enforce(count);
  }

  #enforce(count: number): void {
    setTimeout(() => {
      if (this.#shared.answered >= count) return;
      if (this.#shared.phase === "sync") process.kill(process.pid, "SIGINT");
      if (this.#shared.phase === "async") terminateMainThread();
      this.#enforce(count);
    }, patienceMs).unref();
  }
}

function terminateMainThread(): void {
  const session = new inspector.Session();
  session.connectToMainThread();
  session.post("Runtime.terminateExecution", () => session.disconnect());
}
