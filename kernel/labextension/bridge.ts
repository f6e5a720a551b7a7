import type { Kernel, NotebookTracker } from "./jupyterlab.js";

interface Reply {
  number: number;
  answer?: unknown;
  error?: string;
}

type Waiting = { resolve: (answer: unknown) => void; reject: (error: Error) => void };

/** The kernel may be busy with a cell for long; then the rows that are here have to do. */
const patienceMs = 10_000;

/** Talks to one kernel through one comm, which is opened with the first question. */
class Conversation {
  readonly #waiting = new Map<number, Waiting>();
  readonly #comm;
  #asked = 0;

  constructor(kernel: Kernel) {
    this.#comm = kernel.createComm("skbook");
    this.#comm.onMsg = ({ content }) => {
      const { number, answer, error } = content.data as unknown as Reply;
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (error === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(error));
    };
    this.#comm.onClose = () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the kernel has gone"));
      this.#waiting.clear();
    };
    this.#comm.open({});
  }

  ask(about: string, question: unknown): Promise<unknown> {
    this.#asked += 1;
    const number = this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#comm.send({ number, about, question });
      setTimeout(() => {
        if (this.#waiting.delete(number)) reject(new Error("the kernel is busy: ask again when it is idle"));
      }, patienceMs);
    });
  }
}

/** By kernel; a restart makes another connection status, not another kernel, and ends the comm. */
const conversations = new WeakMap<Kernel, Conversation>();

/** How the kernel of the notebook that an element is in is asked; undefined where there is none. */
export function askThrough(tracker: NotebookTracker, about: string) {
  return (element: Element): ((question: unknown) => Promise<unknown>) | undefined => {
    const panel = tracker.find(({ node }) => node.contains(element));
    const kernel = panel?.sessionContext.session?.kernel;
    if (!kernel || kernel.status === "dead" || kernel.connectionStatus !== "connected") return undefined;
    if (!followed.has(kernel)) {
      followed.add(kernel);
      kernel.statusChanged.connect((_, status) => {
        if (/restarting|dead/.test(status)) conversations.delete(kernel);
      });
    }
    return (question) => {
      const conversation = conversations.get(kernel) ?? new Conversation(kernel);
      conversations.set(kernel, conversation);
      return conversation.ask(about, question);
    };
  };
}

const followed = new WeakSet<Kernel>();
