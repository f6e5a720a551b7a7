import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Dealer, Subscriber } from "zeromq";
import { program } from "../package.js";
import {
  address,
  type Connection,
  type Content,
  decode,
  type Message,
  newHeader,
  Sender,
} from "../wire/index.js";

const probeEveryMs = 50;
const shutdownMs = 5000;

interface Exchange {
  onOutput(message: Message): void;
  reply: Content | undefined;
  idle: boolean;
  done(reply: Content): void;
  failed(error: Error): void;
}

/** A kernel in a process of its own, and the client of it. */
export class KernelClient {
  readonly #child: ChildProcess;
  readonly #key: string;
  readonly #session = randomUUID();
  readonly #sockets: { shell: Dealer; control: Dealer; iopub: Subscriber };
  readonly #senders: { shell: Sender; control: Sender };
  readonly #exchanges = new Map<string, Exchange>();
  readonly #exited: Promise<void>;
  #ended = false;

  private constructor(child: ChildProcess, connection: Connection) {
    this.#child = child;
    this.#key = connection.key;
    const options = { linger: 0, reconnectInterval: 10 };
    this.#sockets = {
      shell: new Dealer(options),
      control: new Dealer(options),
      iopub: new Subscriber({ ...options, receiveHighWaterMark: 0 }),
    };
    this.#senders = {
      shell: new Sender(this.#sockets.shell, connection.key),
      control: new Sender(this.#sockets.control, connection.key),
    };
    for (const channel of ["shell", "control", "iopub"] as const) {
      this.#sockets[channel].connect(address(connection, channel));
    }
    this.#sockets.iopub.subscribe();
    this.#exited = new Promise((resolve) => {
      const end = (how: string) => {
        // What its cells have started is still there when it has crashed.
        this.kill();
        this.#ended = true;
        for (const exchange of this.#exchanges.values())
          exchange.failed(new Error(`the kernel has ended (${how})`));
        resolve();
      };
      child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`));
      child.once("error", (error) => end(error.message));
    });
    void this.#listen("shell");
    void this.#listen("control");
    void this.#listenForOutput();
  }

  /** Starts a kernel that works in `folder` and waits until all its channels answer; `signal` gives up the wait. */
  static async start(
    folder: string,
    environment: NodeJS.ProcessEnv = process.env,
    signal?: AbortSignal,
  ): Promise<KernelClient> {
    const command: [string, ...string[]] = [process.execPath, program, "kernel", "--connection-file"];
    return KernelClient.launch(command, connectionIn, folder, environment, ["shell", "control"], signal);
  }

  /** Starts any kernel: its command, to which the connection file's path is added. Waits until it answers on `channels`. */
  static async launch(
    [executable, ...args]: readonly [string, ...string[]],
    connectionFor: (directory: string) => Connection,
    folder: string,
    environment: NodeJS.ProcessEnv,
    channels: readonly ("shell" | "control")[],
    signal?: AbortSignal,
  ): Promise<KernelClient> {
    const directory = await mkdtemp(join(tmpdir(), "skbook-"));
    try {
      const connection = connectionFor(directory);
      const file = join(directory, "connection.json");
      await writeFile(file, JSON.stringify(connection), { mode: 0o600 });
      const child = spawn(executable, [...args, file], {
        cwd: folder,
        env: { ...environment, JPY_PARENT_PID: String(process.pid) },
        // A group of its own: Ctrl-C in the terminal is this process's business, which interrupts by message.
        detached: true,
        stdio: ["ignore", 2, 2],
      });
      const client = new KernelClient(child, connection);
      const giveUp = () => client.kill();
      signal?.addEventListener("abort", giveUp);
      try {
        signal?.throwIfAborted();
        await Promise.all(channels.map((channel) => client.#answers(channel)));
      } catch (error) {
        // Open sockets would keep this process alive.
        client.kill();
        await client.shutdown();
        throw error;
      } finally {
        signal?.removeEventListener("abort", giveUp);
      }
      return client;
    } finally {
      // Connected sockets need their files no more, and nothing is left behind however this ends.
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** The kernel's process. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Runs code; resolves to the execute_reply after all output of it has been given to `onOutput`. */
  execute(code: string, cellId: string, onOutput: (message: Message) => void): Promise<Content> {
    const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false };
    return this.request(
      "shell",
      "execute_request",
      { ...content, stop_on_error: true },
      { cellId },
      onOutput,
    );
  }

  async interrupt(): Promise<void> {
    await this.request("control", "interrupt_request", {});
  }

  /** Ends the kernel: asks first, kills when asking does not help. */
  async shutdown(): Promise<void> {
    if (!this.#ended) {
      const asked = this.request("control", "shutdown_request", { restart: false }).catch(() => undefined);
      await Promise.race([Promise.all([asked, this.#exited]), delay(shutdownMs, undefined, { ref: false })]);
      if (!this.#ended) this.kill();
      await this.#exited;
    }
    for (const socket of Object.values(this.#sockets)) socket.close();
  }

  /** Ends the kernel at once, and what its cells have started. */
  kill(): void {
    try {
      process.kill(-(this.#child.pid as number), "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }

  /** Asks again and again: an answer given before the subscriber was connected has been missed. */
  async #answers(channel: "shell" | "control"): Promise<void> {
    let answered = false;
    while (!answered) {
      const asked = this.request(channel, "kernel_info_request", {}).then(() => {
        answered = true;
      });
      asked.catch(() => undefined);
      await Promise.race([asked, delay(probeEveryMs)]);
    }
  }

  /** Sends a request; resolves to the content of its reply, after all that it put out has gone to `onOutput`. */
  request(
    channel: "shell" | "control",
    type: string,
    content: Content,
    metadata: Content = {},
    onOutput: (message: Message) => void = () => undefined,
  ): Promise<Content> {
    if (this.#ended) return Promise.reject(new Error("the kernel has ended"));
    const header = newHeader(type, this.#session);
    return new Promise<Content>((done, failed) => {
      this.#exchanges.set(header.msg_id, { onOutput, reply: undefined, idle: false, done, failed });
      void this.#senders[channel].send({ identities: [], header, parent: {}, metadata, content });
    });
  }

  async #listen(channel: "shell" | "control"): Promise<void> {
    for await (const frames of this.#sockets[channel]) {
      const message = decode(frames, this.#key);
      this.#settle(message, (exchange) => {
        exchange.reply = message?.content;
      });
    }
  }

  async #listenForOutput(): Promise<void> {
    for await (const frames of this.#sockets.iopub) {
      const message = decode(frames, this.#key);
      this.#settle(message, (exchange) => {
        const idle = message?.header.msg_type === "status" && message.content.execution_state === "idle";
        if (idle) exchange.idle = true;
        else if (message !== undefined) exchange.onOutput(message);
      });
    }
  }

  /** A request is over when its reply is there and no more output of it can come. */
  #settle(message: Message | undefined, note: (exchange: Exchange) => void): void {
    const exchange = this.#exchanges.get(message?.parent.msg_id ?? "");
    if (exchange === undefined) return;
    note(exchange);
    if (exchange.idle && exchange.reply !== undefined) exchange.done(exchange.reply);
  }
}

function connectionIn(directory: string): Connection {
  return {
    transport: "ipc",
    ip: join(directory, "socket"),
    key: randomBytes(32).toString("hex"),
    signature_scheme: "hmac-sha256",
    shell_port: 1,
    control_port: 2,
    iopub_port: 3,
    stdin_port: 4,
    hb_port: 5,
  };
}
