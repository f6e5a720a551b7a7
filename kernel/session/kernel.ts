import { setTimeout as delay } from "node:timers/promises";
import { bundleOf } from "../../lib/cell/index.js";
import { allEntries, help } from "../../lib/help/index.js";
import type { MimeBundle } from "../../lib/index.js";
import type { Language } from "../language/index.js";
import type { Connection, Content, Message } from "../wire/index.js";
import { toCharacters, toUnits } from "./code-points.js";
import { Comms } from "./comms.js";
import { documentationOf, inspectionBundle, questionIn } from "./documentation.js";
import { evaluate } from "./expressions.js";
import { type Failure, failureOf, interruptedFailure } from "./failure.js";
import { Gateway } from "./gateway.js";
import { History } from "./history.js";
import type { Request } from "./orders.js";
import { Origins } from "./origins.js";
import { RunningCell, type Services } from "./running-cell.js";
import { sendable } from "./sendable.js";
import { Stdin } from "./stdin.js";
import { Stopped, stopWatch } from "./stop-watch.js";
import { captureStreams, type StreamName } from "./streams.js";

/** A pause as long as this is the user's. */
const idleMs = 300;

/** Cells that are run together are sent one by one: those behind one that fails at once may still be on their way. */
const followersMs = 50;

/** How long a cell may clean up when the client ends the kernel. */
const farewellMs = 2000;

/** A run of code: the request that its output belongs to, and what the library sees of the cell. */
interface Origin {
  parent: Message["parent"];
  cell: RunningCell;
}

/** The kernel: runs requests in order of arrival, one cell at a time. */
export class Kernel {
  readonly #gateway: Gateway;
  readonly #origins = new Origins<Origin>();
  readonly #history = new History();
  readonly #comms: Comms;
  readonly #queue: Request[] = [];
  #language: Language | undefined;
  #cell: RunningCell | undefined;
  #stdin: Stdin | undefined;
  #drained: Promise<void> = Promise.resolve();
  #busy = false;
  /** Done when the language knows what cells can import. */
  #told: Promise<void> | undefined;
  #executionCount = 0;
  /** Requests that had arrived when a cell failed are not run. */
  #abortedUpTo = 0;
  /** An interrupt also ends what waits to be run. */
  #interruptedUpTo = 0;
  /** The newest interrupt that has reached the cell: the sockets tell of it again where that is in doubt. */
  #heard = 0;
  /** The request that runs, or ran last. */
  #parent: Message["parent"] = {};

  constructor(connection: Connection) {
    this.#gateway = new Gateway(connection, {
      request: (request) => this.#accept(request),
      answer: (text) => this.#stdin?.answered(text),
      interrupt: (count, arrivals) => {
        if (count > Math.max(this.#gateway.shared.ended, this.#heard)) this.#interrupt(arrivals);
        this.#heard = count;
      },
      shutdown: () => void this.#shutdown(),
    });
    this.#comms = new Comms((type, content, parent) => this.#gateway.publish(type, content, parent));
    this.#gateway.shared.phase = "compiling";
    captureStreams((name, text) => this.#print(name, text));
    Object.assign(globalThis, {
      [Symbol.for("skbook.cell")]: () => this.#origins.current?.cell ?? this.#cell,
      // Under the name that the language declares.
      help,
    });
    // A front end that knows no interrupt message sends the signal.
    process.on("SIGINT", () => this.#interrupt());
    // Heard only between the steps of a cell; one that computes on ends by shutdown or SIGKILL.
    process.on("SIGTERM", () => {
      this.#interrupt();
      void this.#shutdown();
    });
    process.on("uncaughtException", (error) => {
      this.#report(error);
      this.#origins.forget();
    });
    process.on("unhandledRejection", (reason, promise) => {
      const origin = this.#origins.of(promise);
      if (origin === undefined) this.#report(reason);
      else this.#origins.run(origin, () => this.#report(reason));
    });
  }

  /** Resolves when front ends can reach the kernel. */
  get listening(): Promise<void> {
    return this.#gateway.listening;
  }

  /** Gives the kernel its language; requests that came earlier are served now. */
  start(language: Language): void {
    this.#language = language;
    this.#gateway.shared.phase = "idle";
    this.#drain();
  }

  #accept(request: Request): void {
    const { msg_type: type } = request.message.header;
    if (/^comm_(open|msg|close)$/.test(type)) {
      void this.#converse(request);
    } else if (type === "execute_request" || this.#language === undefined) {
      this.#queue.push(request);
      this.#drain();
    } else {
      // Questions about code are answered while a cell waits for something.
      void this.#answer(request, this.#language);
    }
  }

  #drain(): void {
    if (!this.#busy && this.#language !== undefined) this.#drained = this.#serve(this.#language);
  }

  async #serve(language: Language): Promise<void> {
    this.#busy = true;
    for (let request = this.#queue.shift(); request !== undefined; request = this.#queue.shift()) {
      if (request.message.header.msg_type === "execute_request") await this.#execute(request, language);
      else await this.#answer(request, language);
    }
    this.#busy = false;
    setTimeout(() => this.#warm(language), idleMs);
  }

  /** Uses the user's pause: the first question about a package would wait for the compiler to look at it. */
  #warm(language: Language): void {
    if (this.#busy) return;
    this.#told ??= allEntries().then((entries) =>
      language.know(new Map(entries.map((entry) => [entry.name, entry]))),
    );
    language.warm();
  }

  async #answer(request: Request, language: Language): Promise<void> {
    const { header, content } = request.message;
    this.#gateway.publish("status", { execution_state: "busy" }, header);
    try {
      const reply = await this.#replyTo(header.msg_type, content, language);
      if (reply !== undefined) this.#gateway.reply(request, reply);
    } catch (error) {
      this.#gateway.reply(request, { status: "error", ...this.#failureOf(error) });
    }
    this.#gateway.publish("status", { execution_state: "idle" }, header);
  }

  /** Answers a page, while a cell waits for something or none runs. */
  async #converse({ message }: Request): Promise<void> {
    this.#gateway.publish("status", { execution_state: "busy" }, message.header);
    await this.#comms.handle(message);
    this.#gateway.publish("status", { execution_state: "idle" }, message.header);
  }

  /** Work of the machinery itself begins: an interrupt waits until it has ended. */
  readonly guard = (): (() => void) => {
    const { shared } = this.#gateway;
    const { phase } = shared;
    shared.phase = "compiling";
    return () => {
      shared.phase = phase;
    };
  };

  /** The reply to a question about code; undefined for messages that have none. */
  async #replyTo(type: string, content: Content, language: Language): Promise<Content | undefined> {
    const code = String(content.code ?? "");
    const offset = toUnits(code, Number(content.cursor_pos ?? 0));
    if (type === "complete_request") {
      const { matches, ...units } = await language.complete(code, offset);
      const [start, end] = [toCharacters(code, units.start), toCharacters(code, units.end)];
      const types = matches.map((match) => ({ start, end, ...match }));
      return {
        status: "ok",
        matches: matches.map(({ text }) => text),
        cursor_start: start,
        cursor_end: end,
        metadata: { _jupyter_types_experimental: types },
      };
    }
    if (type === "inspect_request") {
      const found = await language.inspect(code, offset);
      return {
        status: "ok",
        found: found !== undefined,
        data: found ? inspectionBundle(found) : {},
        metadata: {},
      };
    }
    if (type === "is_complete_request")
      return { ...(await language.completeness(questionIn(code)?.code ?? code)) };
    if (type === "comm_info_request") return { status: "ok", comms: this.#comms.info(content.target_name) };
    if (type === "history_request") return { status: "ok", history: this.#history.answer(content) };
    return undefined;
  }

  async #execute(request: Request, language: Language): Promise<void> {
    const { header, content, metadata } = request.message;
    this.#gateway.publish("status", { execution_state: "busy" }, header);
    if (request.arrival <= this.#abortedUpTo) {
      // Without a count: a front end would number the cell as if it had run.
      this.#gateway.reply(request, { status: "aborted" });
      this.#gateway.publish("status", { execution_state: "idle" }, header);
      return;
    }
    const silent = content.silent === true;
    const code = String(content.code ?? "");
    const question = questionIn(code);
    this.#parent = header;
    if (!silent && content.store_history !== false) this.#history.add(++this.#executionCount, code);
    if (!silent) this.#publish("execute_input", { code, execution_count: this.#executionCount });

    const pages: Content[] = [];
    const stdin = content.allow_stdin === true ? this.#stdinOf(request) : undefined;
    this.#stdin = stdin;
    const services = this.#services(pages, stdin);
    const run = (code: string, show: (value: unknown) => Promise<void>) =>
      this.#run(code, metadata.cellId as string | undefined, services, language, show);
    const failure =
      request.arrival <= this.#interruptedUpTo
        ? interruptedFailure(undefined)
        : await run(question?.code ?? code, async (value) => {
            if (!silent && value !== undefined) await this.#showResult(value);
            if (question !== undefined) services.page(await documentationOf(question.name, language));
          });
    const user_expressions = failure ? {} : await evaluate(content.user_expressions, run);
    stdin?.end();
    const count = { execution_count: this.#executionCount };
    if (failure === undefined) {
      this.#gateway.reply(request, { status: "ok", ...count, payload: pages, user_expressions });
    } else {
      if (!silent) this.#publish("error", { ...failure });
      if (content.stop_on_error !== false) {
        await delay(followersMs);
        this.#abortedUpTo = this.#gateway.shared.arrivals;
      }
      this.#gateway.reply(request, { status: "error", ...count, ...failure });
    }
    this.#gateway.publish("status", { execution_state: "idle" }, header);
  }

  /** Runs code and has its value shown; resolves to how it failed, if it did. */
  async #run(
    code: string,
    id: string | undefined,
    services: Services,
    language: Language,
    show: (value: unknown) => Promise<void>,
  ): Promise<Failure | undefined> {
    const { shared } = this.#gateway;
    let abandon = (_: Error) => {};
    const abandoned = new Promise<never>((_, reject) => {
      abandon = reject;
    });
    const cell = new RunningCell(id, services, () => {
      language.abandon();
      abandon(new Error("the cell was abandoned"));
    });
    this.#cell = cell;
    try {
      shared.phase = "compiling";
      const origin = { parent: this.#parent, cell };
      const value = this.#origins.run(origin, () =>
        language.execute({
          code,
          label: `cell [${this.#executionCount}]`,
          watch: stopWatch(shared, () => this.#origins.adopt(origin)),
          started: () => {
            shared.phase = "sync";
          },
          suspended: () => {
            shared.phase = "async";
          },
        }),
      );
      await Promise.race([value.then(show), abandoned]);
      return cell.interrupted ? interruptedFailure(undefined) : undefined;
    } catch (error) {
      if (!isStop(error) && !cell.interrupted) return this.#failureOf(error);
      return interruptedFailure(error);
    } finally {
      shared.phase = "idle";
      // Also when it was ended by force, before the event loop could hear of the interrupt.
      shared.ended = shared.interrupts;
      shared.stop = false;
      cell.ended();
      this.#cell = undefined;
    }
  }

  #failureOf(error: unknown): Failure {
    return failureOf(error, (thrown, wanted) => this.#language?.traceback(thrown, wanted) ?? []);
  }

  #print(name: StreamName, text: string): void {
    this.#gateway.print({ name, text, parent: this.#owner() });
  }

  /** Something went wrong that no cell waits for. */
  #report(error: unknown): void {
    this.#print("stderr", `${this.#failureOf(error).traceback.join("\n")}\n`);
  }

  #services(pages: Content[], stdin: Stdin | undefined): Services {
    return {
      display: (bundle, options) => this.#display(bundle, options),
      clearOutput: (wait) => {
        this.#publish("clear_output", { wait });
      },
      page: (data) => void pages.push(sendable({ source: "page", data, start: 0 })),
      ask: stdin?.ask,
    };
  }

  #stdinOf(request: Request): Stdin {
    return new Stdin((content) => {
      this.#gateway.ask(request, content);
    });
  }

  async #showResult(value: unknown): Promise<void> {
    const data = sendable(await bundleOf(value));
    this.#publish("execute_result", { execution_count: this.#executionCount, data, metadata: {} });
  }

  #display(data: MimeBundle, { id, update }: { id?: string; update?: boolean } = {}): void {
    const transient = id === undefined ? {} : { display_id: id };
    this.#publish(update === true ? "update_display_data" : "display_data", {
      data: sendable(data),
      metadata: {},
      transient,
    });
  }

  #publish(type: string, content: Content): void {
    this.#gateway.publish(type, content, this.#owner());
  }

  /** Whom output belongs to: the request whose code puts it out; where nobody can say, the one that runs, or ran last. */
  #owner(): Message["parent"] {
    return this.#origins.current?.parent ?? this.#parent;
  }

  /** Ends the running cell, or what has arrived to be run. */
  #interrupt(arrivals = this.#gateway.shared.arrivals): void {
    const { shared } = this.#gateway;
    shared.stop = false;
    if (this.#cell === undefined) {
      this.#interruptedUpTo = arrivals;
      shared.ended = shared.interrupts;
    } else {
      shared.beat();
      this.#cell.interrupt(() => shared.beat());
    }
  }

  /** The sockets end the process by force if this never runs. */
  async #shutdown(): Promise<void> {
    await Promise.race([this.#drained, delay(farewellMs)]);
    process.exit(0);
  }
}

/** Whether a cell has ended because it was told to. */
function isStop(error: unknown): boolean {
  return (
    error instanceof Stopped ||
    (error as { code?: string } | null)?.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED"
  );
}
