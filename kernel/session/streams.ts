import { StringDecoder } from "node:string_decoder";

type Emit<Owner> = (name: "stdout" | "stderr", text: string, owner: Owner) => void;

const flushAfterMs = 40;
const flushAtLength = 64 * 1024;

/**
 * Gathers what the process writes to stdout and stderr into few stream messages. What comes after a pause goes out
 * at once; what follows soon waits for more. Writing looks at the clock too: in a loop that never returns to the
 * event loop no timer would fire.
 */
export class Streams<Owner> {
  #name: "stdout" | "stderr" = "stdout";
  #owner: Owner;
  #text = "";
  #flushed = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #ownerNow: () => Owner;
  readonly #emit: Emit<Owner>;

  /** `owner` says whom the text belongs to that is being written. */
  constructor(owner: () => Owner, emit: Emit<Owner>) {
    this.#ownerNow = owner;
    this.#owner = owner();
    this.#emit = emit;
    this.#capture(process.stdout, "stdout");
    this.#capture(process.stderr, "stderr");
  }

  write(name: "stdout" | "stderr", text: string): void {
    const owner = this.#ownerNow();
    if (name !== this.#name || owner !== this.#owner) this.flush();
    this.#name = name;
    this.#owner = owner;
    this.#text += text;
    if (this.#text.length >= flushAtLength || performance.now() - this.#flushed >= flushAfterMs) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), flushAfterMs);
  }

  /** A cell begins: what it writes first goes out at once. */
  begin(): void {
    this.flush();
    this.#flushed = Number.NEGATIVE_INFINITY;
  }

  /** Emits what has been gathered; call it before anything that must come after it. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#text;
    if (text === "") return;
    this.#flushed = performance.now();
    this.#text = "";
    this.#emit(this.#name, text, this.#owner);
  }

  #capture(stream: NodeJS.WriteStream, name: "stdout" | "stderr"): void {
    const decoder = new StringDecoder("utf8");
    stream.write = (
      chunk: string | Uint8Array,
      encoding?: BufferEncoding | ((error?: Error) => void),
      done?: (error?: Error) => void,
    ) => {
      this.write(name, typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk)));
      const callback = typeof encoding === "function" ? encoding : done;
      if (callback !== undefined) process.nextTick(callback);
      return true;
    };
  }
}
