import { encode, type Message } from "./message.js";

interface Writable {
  send(frames: (string | Uint8Array)[]): Promise<void>;
}

/** Sends messages over one socket in order: zeromq refuses a send while another one is under way. */
export class Sender {
  #last: Promise<void> = Promise.resolve();
  readonly #socket: Writable;
  readonly #key: string;

  constructor(socket: Writable, key: string) {
    this.#socket = socket;
    this.#key = key;
  }

  send(message: Message): Promise<void> {
    const frames = encode(message, this.#key);
    // A client that has gone away must not stop the messages to the others.
    this.#last = this.#last.then(() => this.#socket.send(frames)).catch(() => undefined);
    return this.#last;
  }

  /** Resolves when everything sent so far has been handed to zeromq. */
  drained(): Promise<void> {
    return this.#last;
  }
}
