import type { Cell, MimeBundle } from "../../lib/index.js";

/** How long a cell may take to end by itself after an interrupt: the library proves that hosts are clean again. */
const graceMs = { plain: 100, obeying: 10_000 };

type Show = (bundle: MimeBundle, options?: { id?: string; update?: boolean }) => void;

/** The cell that runs: what the library sees of it, and the wish to end it. */
export class RunningCell implements Cell {
  readonly id: string | undefined;
  readonly display: Show;
  readonly #abort = new AbortController();
  readonly #abandon: () => void;
  #obeyed = false;
  #timer: NodeJS.Timeout | undefined;

  /** `abandon` ends the waiting for the cell. */
  constructor(id: string | undefined, display: Show, abandon: () => void) {
    this.id = id;
    this.display = display;
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
   * A second interrupt waits for nobody.
   */
  interrupt(): void {
    if (this.interrupted) {
      this.#abandon();
      return;
    }
    this.#abort.abort();
    this.#timer = setTimeout(this.#abandon, this.#obeyed ? graceMs.obeying : graceMs.plain);
  }

  ended(): void {
    clearTimeout(this.#timer);
  }
}
