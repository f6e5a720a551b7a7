import inspector from "node:inspector";
import type { Shared } from "./shared.js";

/** How often an interrupted main thread is looked at. */
const checkMs = 300;
/** How many looks may find it busy: code that has heard of the interrupt may be at work cleaning up. */
const patience = { unheard: 1, heard: 4 };

/**
 * Interrupts the main thread from the thread of the sockets. It is asked first; code that does not return to the
 * event loop can't be asked, so it is ended by force: by SIGINT where the cell's first, synchronous part runs (the
 * vm listens for it), by the inspector where the loop comes later.
 */
export class Interrupter {
  readonly #shared: Shared;
  readonly #ask: () => void;
  #watch: NodeJS.Timeout | undefined;

  constructor(shared: Shared, ask: () => void) {
    this.#shared = shared;
    this.#ask = ask;
  }

  raise(): void {
    const first = this.#shared.ended >= this.#shared.interrupts;
    this.#shared.raised();
    this.#ask();
    // Asking again and again does not buy the cell more time.
    if (!first) return;
    clearInterval(this.#watch);
    this.#watch = this.#watchMainThread();
  }

  #watchMainThread(): NodeJS.Timeout {
    const first = this.#shared.beats;
    let last = first;
    let stalls = 0;
    const watch = setInterval(() => {
      const { beats, ended, interrupts, phase } = this.#shared;
      if (ended >= interrupts) {
        clearInterval(watch);
        return;
      }
      stalls = beats === last ? stalls + 1 : 0;
      last = beats;
      if (stalls < (beats === first ? patience.unheard : patience.heard)) return;
      if (phase === "sync") process.kill(process.pid, "SIGINT");
      else if (phase !== "compiling") terminateMainThread();
    }, checkMs);
    return watch.unref();
  }
}

/**
 * Ends what the main thread is running. Node 20 itself aborts the process, and with it the kernel, when that leaves
 * its stack of async contexts out of order: a loop in a timer's callback, or one inside of AsyncLocalStorage.
 */
function terminateMainThread(): void {
  const session = new inspector.Session();
  session.connectToMainThread();
  session.post("Runtime.terminateExecution", () => session.disconnect());
}
