import inspector from "node:inspector";
import type { Shared } from "./shared.js";

/** How often an interrupted main thread is looked at. */
const checkMs = 100;
/**
 * How many looks may find it busy before loops of cells are told to stop, and before it is ended by force: code of the
 * library that has heard of the interrupt may be at work cleaning up.
 */
const patience = { unheard: { stop: 1, force: 3 }, heard: { stop: 2, force: 12 } };

/**
 * Interrupts the main thread from the thread of the sockets. It is asked first. Code that does not return to the event
 * loop can't be asked: loops and functions of cells look at a flag, and code of packages is ended by force, by SIGINT
 * where the cell's first, synchronous part runs (the vm listens for it), by the inspector where the loop comes later.
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
      // The compiler keeps it from hearing; what comes after the compiler gets the same time as any other code.
      stalls = beats === last && phase !== "compiling" ? stalls + 1 : 0;
      last = beats;
      const limits = beats === first ? patience.unheard : patience.heard;
      if (stalls < limits.stop) return;
      this.#shared.stop = true;
      if (stalls < limits.force) {
        // Again, since force may hit what is just about to hear of the interrupt.
        this.#ask();
        return;
      }
      stalls = 0;
      if (phase === "sync") process.kill(process.pid, "SIGINT");
      else terminateMainThread();
    }, checkMs);
    return watch.unref();
  }
}

/**
 * Ends what the main thread is running. Node 20 itself aborts the process, and with it the kernel, when that leaves
 * its stack of async contexts out of order: a package's loop in a timer's callback, or inside of AsyncLocalStorage.
 */
function terminateMainThread(): void {
  const session = new inspector.Session();
  session.connectToMainThread();
  session.post("Runtime.terminateExecution", () => session.disconnect());
}
