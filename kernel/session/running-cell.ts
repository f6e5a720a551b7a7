import { setMaxListeners } from "node:events";
import type { Cell } from "../../lib/index.js";

/** How long a cell may take to end by itself after an interrupt: the library proves that hosts are clean again. */
const graceMs = { plain: 100, obeying: 10_000 };

const pulseMs = 50;

/** What a cell may have its kernel do. */
export type Services = Pick<Cell, "display" | "clearOutput" | "page" | "ask">;

/** The cell that runs: what the library sees of it, and the wish to end it. */
export class RunningCell implements Cell {
  readonly id: string | undefined;
  readonly display: Services["display"];
  readonly clearOutput: Services["clearOutput"];
  readonly page: Services["page"];
  readonly ask: Services["ask"];
  readonly #abort = new AbortController();
  readonly #abandon: () => void;
  #obeyed = false;
  #deadline: NodeJS.Timeout | undefined;
  #pulse: NodeJS.Timeout | undefined;

  /** `abandon` ends the waiting for the cell. */
  constructor(id: string | undefined, services: Services, abandon: () => void) {
    // Whatever runs at the same time waits for the same signal.
    setMaxListeners(0, this.#abort.signal);
    this.id = id;
    this.display = services.display;
    this.clearOutput = services.clearOutput;
    this.page = services.page;
    this.ask = services.ask;
    this.#abandon = abandon;
  }

  get signal(): AbortSignal {
    this.#obeyed = true;
    return this.#abort.signal;
  }

  get interrupted(): boolean {
    return this.#abort.signal.aborted;
  }

  /**
   * Raises the signal. Who has taken it gets time to clean up; a cell where nobody has can't be waiting for that.
   * A second interrupt waits for nobody. `beat` is called as long as the event loop turns and the cell goes on.
   */
  interrupt(beat: () => void): void {
    if (this.interrupted) {
      this.#abandon();
      return;
    }
    this.ended();
    this.#deadline = setTimeout(this.#abandon, this.#obeyed ? graceMs.obeying : graceMs.plain);
    this.#pulse = setInterval(beat, pulseMs);
    // Last: what hears it is foreign code, and may never return.
    this.#abort.abort();
  }

  ended(): void {
    clearTimeout(this.#deadline);
    clearInterval(this.#pulse);
  }
}
