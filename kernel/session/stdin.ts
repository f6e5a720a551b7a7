import type { Cell } from "../../lib/index.js";
import type { Content } from "../wire/index.js";

type Ask = NonNullable<Cell["ask"]>;

/** The questions of one cell to the person at its front end, one at a time. */
export class Stdin {
  readonly #send: (content: Content) => void;
  readonly #over = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #answer: ((text: string) => void) | undefined;

  /** `send` puts an input_request to the client that runs the cell. */
  constructor(send: (content: Content) => void) {
    this.#send = send;
  }

  readonly ask: Ask = (prompt, options) => {
    const answer = this.#last.then(() => this.#put(prompt, options));
    this.#last = answer.catch(() => undefined);
    return answer;
  };

  answered(text: string): void {
    this.#answer?.(text);
  }

  /** The cell has ended: nobody will answer any more. */
  end(): void {
    this.#over.abort(new Error("the cell that asked has ended"));
  }

  async #put(prompt: string, { secret, signal }: Parameters<Ask>[1]): Promise<string> {
    const stop = AbortSignal.any([this.#over.signal, ...(signal === undefined ? [] : [signal])]);
    stop.throwIfAborted();
    try {
      return await new Promise<string>((answer, refuse) => {
        stop.addEventListener("abort", () => refuse(stop.reason), { once: true });
        this.#answer = answer;
        this.#send({ prompt, password: secret });
      });
    } finally {
      this.#answer = undefined;
    }
  }
}
