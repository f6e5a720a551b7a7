import { StringDecoder } from "node:string_decoder";

type Emit = (name: "stdout" | "stderr", text: string) => void;

const flushAfterMs = 40;
const flushAtLength = 64 * 1024;

/**
 * Gathers what the process writes to stdout and stderr into few stream messages. What comes after a pause goes out
 * at once; what follows soon waits for more. Writing looks at the clock too: in a loop that never returns to the
 * event loop no timer would fire.
 */
export class Streams {
  #name: "stdout" | "stderr" = "stdout";
  #text = "";
  #flushed = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #emit: Emit;

  constructor(emit: Emit) {
    this.#emit = emit;
    this.#capture(process.stdout, "stdout");
    this.#capture(process.stderr, "stderr");
  }

  write(name: "stdout" | "stderr", text: string): void {
    if (name !== this.#name) this.flush();
    this.#name = name;
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
    this.#flushed = performance.now();
    const text = this.#text;
    this.#text = "";
    if (text !== "") this.#emit(this.#name, text);
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
