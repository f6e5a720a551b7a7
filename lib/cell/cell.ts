import { SkbookError } from "../errors/index.js";

/** MIME type to data, as Jupyter's display protocol has it. */
export type MimeBundle = Record<string, unknown>;

/** The symbol under which Jupyter kernels look for an object's MIME bundle. */
export const jupyterDisplay: unique symbol = Symbol.for("Jupyter.display") as never;

/** What a notebook kernel offers to the code of the running cell. */
export interface Cell {
  /** The notebook's id of the cell, where the front end sends one. */
  readonly id: string | undefined;
  /** Raised when the user interrupts the cell. */
  readonly signal: AbortSignal;
  /** Shows a bundle; with `update` it replaces what was shown under the same `id`. */
  display(bundle: MimeBundle, options?: { id?: string; update?: boolean }): void;
  /** Removes what the cell has shown: at once, or with `wait` when it shows something new. */
  clearOutput(wait: boolean): void;
  /** Shows a bundle in the front end's pager once the cell has ended; it is not part of the notebook. */
  page(bundle: MimeBundle): void;
  /** Asks the user; undefined where nobody is there to answer. It rejects when the signal is raised. */
  readonly ask:
    | ((prompt: string, options: { secret: boolean; signal: AbortSignal | undefined }) => Promise<string>)
    | undefined;
}

/** A kernel puts a function here that returns the running cell; outside a kernel there is none. */
const hook: unique symbol = Symbol.for("skbook.cell") as never;

/** The running cell, or undefined outside a notebook kernel. */
export function currentCell(): Cell | undefined {
  return (globalThis as { [hook]?: () => Cell | undefined })[hook]?.();
}

/** The signal that ends a call: the caller's own, the running cell's, or whichever comes first. */
export function callSignal(own?: AbortSignal): AbortSignal | undefined {
  const signals = [own, currentCell()?.signal].filter((signal) => signal !== undefined);
  return signals.length > 1 ? AbortSignal.any(signals) : signals[0];
}

/** What a call throws when its signal ended it, after its work is known to be over. */
export function interrupted(tried: string, details: Record<string, unknown> = {}): SkbookError {
  return new SkbookError({
    code: "INTERRUPTED",
    tried,
    failed: "the call was interrupted before it ended",
    todo: "run the cell again; what had been started is stopped",
    details,
  });
}
