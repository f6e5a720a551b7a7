import type { Message } from "../wire/index.js";
import type { StreamName } from "./streams.js";

const emitAfterMs = 40;
const emitAtLength = 64 * 1024;

/** Text that cells have printed, and the request that it belongs to. */
export interface Printed {
  name: StreamName;
  text: string;
  parent: Message["parent"];
}

/** Whether one text can be told together with the other. */
export function isMore(of: Printed, next: Printed): boolean {
  return of.name === next.name && of.parent.msg_id === next.parent.msg_id;
}

/**
 * Gathers printed text into few messages. What comes after a pause goes out at once; what follows soon waits for more.
 * This is done beside the main thread: there no timer would fire while a cell computes.
 */
export class PrintedGatherer {
  #printed: Printed | undefined;
  #emitted = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #parent: string | undefined;
  readonly #emit: (printed: Printed) => void;

  constructor(emit: (printed: Printed) => void) {
    this.#emit = emit;
  }

  add(next: Printed): void {
    if (this.#printed !== undefined && !isMore(this.#printed, next)) this.flush();
    // What a cell prints first is shown at once.
    if (next.parent.msg_id !== this.#parent) this.#emitted = Number.NEGATIVE_INFINITY;
    this.#parent = next.parent.msg_id;
    const text = (this.#printed?.text ?? "") + next.text;
    this.#printed = { ...next, text };
    if (text.length >= emitAtLength || performance.now() - this.#emitted >= emitAfterMs) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), emitAfterMs);
  }

  /** Emits what has been gathered; called before anything that must come after it. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#printed === undefined) return;
    this.#emitted = performance.now();
    this.#emit(this.#printed);
    this.#printed = undefined;
  }
}
