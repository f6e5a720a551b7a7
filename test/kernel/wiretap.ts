import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dealer, Subscriber } from "zeromq";
import { program } from "../../kernel/package.js";
import {
  address,
  type Connection,
  type Content,
  decode,
  type Header,
  type Message,
  newHeader,
  Sender,
} from "../../kernel/wire/index.js";

/** A kernel of its own, and every message of it in the order of its coming: it judges nothing, so that a test can count. */
export class Wiretap {
  readonly replies: Message[] = [];
  readonly broadcasts: Message[] = [];
  readonly kernel: ChildProcess;
  readonly #folder = mkdtempSync(join(tmpdir(), "skbook-wiretap-"));
  readonly #session = randomUUID();
  readonly connection: Connection;
  readonly #sockets = { shell: new Dealer(), control: new Dealer(), iopub: new Subscriber() };
  readonly #senders: Record<"shell" | "control", Sender>;
  readonly #ofRequest = { replies: new Map<string, Message[]>(), broadcasts: new Map<string, Message[]>() };
  readonly #waiting = new Set<() => void>();

  constructor() {
    const connection: Connection = {
      key: randomBytes(32).toString("hex"),
      transport: "ipc",
      ip: join(this.#folder, "socket"),
      signature_scheme: "hmac-sha256",
      shell_port: 1,
      control_port: 2,
      iopub_port: 3,
      stdin_port: 4,
      hb_port: 5,
    };
    this.connection = connection;
    const file = join(this.#folder, "connection.json");
    writeFileSync(file, JSON.stringify(connection));
    this.kernel = spawn(process.execPath, [program, "kernel", "--connection-file", file], {
      cwd: this.#folder,
      detached: true,
      stdio: ["ignore", 2, 2],
      env: { ...process.env, JPY_PARENT_PID: String(process.pid) },
    });
    for (const channel of ["shell", "control", "iopub"] as const) {
      this.#sockets[channel].connect(address(connection, channel));
    }
    this.#sockets.iopub.receiveHighWaterMark = 0;
    this.#sockets.iopub.subscribe();
    this.#senders = {
      shell: new Sender(this.#sockets.shell, connection.key),
      control: new Sender(this.#sockets.control, connection.key),
    };
    void this.#keep("shell", "replies");
    void this.#keep("control", "replies");
    void this.#keep("iopub", "broadcasts");
  }

  /** Resolves when the kernel has said that its output reaches this client. */
  async connected(): Promise<void> {
    await this.until(() => this.broadcasts.some(({ header }) => header.msg_type === "iopub_welcome"));
  }

  send(channel: "shell" | "control", type: string, content: Content): Header {
    const header = newHeader(type, this.#session);
    void this.#senders[channel].send({ identities: [], header, parent: {}, metadata: {}, content });
    return header;
  }

  /** Waits for a condition that a message of the kernel makes true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  repliesTo({ msg_id }: Header): Message[] {
    return this.#ofRequest.replies.get(msg_id) ?? [];
  }

  broadcastsOf({ msg_id }: Header): Message[] {
    return this.#ofRequest.broadcasts.get(msg_id) ?? [];
  }

  /** Waits until the kernel has said that a request is done. */
  async done(request: Header): Promise<void> {
    await this.until(() =>
      this.broadcastsOf(request).some(({ content }) => content.execution_state === "idle"),
    );
  }

  /** Waits for the reply too, which comes over another socket. */
  async answered(request: Header): Promise<Content> {
    await this.done(request);
    await this.until(() => this.repliesTo(request).length > 0);
    return this.repliesTo(request)[0]?.content as Content;
  }

  /** Ends the kernel if it is there still, and closes everything. */
  async end(): Promise<void> {
    if (this.kernel.exitCode === null && this.kernel.signalCode === null) {
      const exited = once(this.kernel, "exit");
      this.send("control", "shutdown_request", { restart: false });
      await exited;
    }
    for (const socket of Object.values(this.#sockets)) socket.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #keep(channel: "shell" | "control" | "iopub", kind: "replies" | "broadcasts"): Promise<void> {
    const ofRequest = this.#ofRequest[kind];
    for await (const frames of this.#sockets[channel]) {
      const message = decode(frames, this.connection.key);
      if (message === undefined) throw new Error(`a message on ${channel} is malformed`);
      const request = message.parent.msg_id ?? "";
      this[kind].push(message);
      ofRequest.set(request, ofRequest.get(request) ?? []);
      ofRequest.get(request)?.push(message);
      for (const resolve of this.#waiting) resolve();
      this.#waiting.clear();
    }
  }
}
