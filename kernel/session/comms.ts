import { answererOf } from "../../lib/cell/index.js";
import type { Content, Message } from "../wire/index.js";

/** What the other end of a comm is called: it answers questions of pages about what cells have shown. */
const target = "skbook";

type Publish = (type: string, content: Content, parent: Message["parent"]) => void;

/** The comms that front ends have opened. */
export class Comms {
  readonly #open = new Set<string>();
  readonly #publish: Publish;

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  /** Handles a message of a comm; resolves when it has been answered. */
  async handle({ header, content }: Message): Promise<void> {
    const id = String(content.comm_id);
    if (header.msg_type === "comm_open") {
      if (content.target_name === target) this.#open.add(id);
      // Whoever opens another one is told that nobody is at its other end.
      else this.#publish("comm_close", { comm_id: id, data: {} }, header);
    }
    if (header.msg_type === "comm_close") this.#open.delete(id);
    if (header.msg_type === "comm_msg" && this.#open.has(id)) {
      this.#publish("comm_msg", { comm_id: id, data: await answerTo(content.data) }, header);
    }
  }

  /** As `comm_info_reply` has them: those of one name, or all. */
  info(name: unknown): Content {
    if (typeof name === "string" && name !== target) return {};
    return Object.fromEntries([...this.#open].map((id) => [id, { target_name: target }]));
  }
}

/** A question has a number, which its answer has too: answers may overtake each other. */
async function answerTo(data: unknown): Promise<Content> {
  const { number, about, question } = (data ?? {}) as {
    number?: unknown;
    about?: unknown;
    question?: unknown;
  };
  try {
    const answerer = answererOf(String(about));
    if (answerer === undefined)
      throw new Error("the kernel has shown nothing of that kind: run the cell again");
    return { number, answer: await answerer(question) };
  } catch (error) {
    const { failed, todo, message } = error as { failed?: string; todo?: string; message?: string };
    return { number, error: failed === undefined ? String(message ?? error) : `${failed}: ${todo}` };
  }
}
