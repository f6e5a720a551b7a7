import { type ChildProcess, spawn } from "node:child_process";
import { rmSync, writeSync } from "node:fs";
import { compilerProgram } from "../package.js";
import { CompileError } from "./compile-error.js";
import { type Answer, type Compiling, greeting, type Question } from "./messages.js";
import { environment, findSnapshot, makeSnapshotLater } from "./snapshot.js";

/** A snapshot that has not answered by then never will. */
const patienceMs = 10_000;

type Asked<Ask extends keyof Compiling> = Promise<ReturnType<Compiling[Ask]>>;

interface Waiting {
  question: Question;
  done(value: unknown): void;
  failed(error: Error): void;
}

/**
 * The compiler, in a process of its own: it starts from a snapshot, which the kernel itself can't (threads and packages
 * with native parts don't start from one), and compiles while the kernel hears interrupts.
 */
export class CompilerProcess {
  readonly #waiting = new Map<number, Waiting>();
  #ended: Error | undefined;
  #child: ChildProcess;
  #there = false;
  #count = 0;

  constructor() {
    const snapshot = findSnapshot();
    this.#child = snapshot === undefined ? this.#startPlain() : this.#startFrom(snapshot);
  }

  /** Rejects with what was wrong with the question, or where the compiler has ended. */
  ask<Ask extends keyof Compiling>(ask: Ask, ...args: Parameters<Compiling[Ask]>): Asked<Ask> {
    const question = { id: ++this.#count, ask, args };
    return new Promise<unknown>((done, failed) => {
      if (this.#ended !== undefined) {
        failed(this.#ended);
        return;
      }
      this.#waiting.set(question.id, { question, done, failed });
      if (this.#there) this.#child.send(question);
    }) as Asked<Ask>;
  }

  /** The same where nobody waits for an answer: if the compiler has ended, the next question says so. */
  tell<Ask extends keyof Compiling>(ask: Ask, ...args: Parameters<Compiling[Ask]>): void {
    this.ask(ask, ...args).catch(() => undefined);
  }

  #startFrom(snapshot: string): ChildProcess {
    const fails = (reason: string, interrupted = false) => {
      clearTimeout(patience);
      if (child !== this.#child) return;
      if (this.#there) return this.#end(reason);
      if (interrupted) {
        this.#child = this.#startFrom(snapshot);
        return;
      }
      child.kill("SIGKILL");
      rmSync(snapshot, { force: true });
      const said = `the compiler's startup snapshot ${snapshot} does not start (${reason})`;
      writeSync(2, `skbook: ${said}; this kernel starts without it, and it is made anew\n`);
      this.#child = this.#startPlain();
    };
    const child = this.#start(["--snapshot-blob", snapshot], fails, () => clearTimeout(patience));
    const patience = setTimeout(() => fails("it says nothing"), patienceMs).unref();
    return child;
  }

  #startPlain(): ChildProcess {
    const fails = (reason: string, interrupted = false) => {
      if (interrupted && !this.#there) this.#child = this.#startPlain();
      else this.#end(reason);
    };
    return this.#start([compilerProgram], fails, makeSnapshotLater);
  }

  /** `fails` is told the reason, and whether an interrupt of all that the kernel has started came before it could be ignored. */
  #start(
    args: string[],
    fails: (reason: string, interrupted?: boolean) => void,
    there: () => void,
  ): ChildProcess {
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: environment(),
    });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said ||= text.trim().split("\n", 1)[0] ?? "";
    });
    child.on("error", (error) => fails(error.message));
    child.once("exit", (code, signal) =>
      fails(
        [signal ?? `exit code ${code}`, said].filter((part) => part !== "").join(": "),
        signal === "SIGINT",
      ),
    );
    child.on("message", (answer: Answer) => {
      if (child !== this.#child) return;
      if (answer.id !== undefined) this.#settle(answer);
      else if (answer.greeting !== greeting) fails("it is another program's");
      else {
        there();
        this.#begin();
      }
    });
    return child;
  }

  #begin(): void {
    this.#there = true;
    for (const { question } of this.#waiting.values()) this.#child.send(question);
  }

  #end(reason: string): void {
    const error = new Error(`the compiler has ended (${reason}): restart the kernel`);
    this.#ended = error;
    for (const { failed } of this.#waiting.values()) failed(error);
    this.#waiting.clear();
  }

  #settle(answer: Answer & { id: number }): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("value" in answer || !("failed" in answer)) {
      waiting?.done((answer as { value?: unknown }).value);
      return;
    }
    const { name, message, stack } = answer.failed;
    const error =
      name === "CompileError" ? new CompileError(message) : Object.assign(new Error(message), { stack });
    waiting?.failed(error);
  }
}
