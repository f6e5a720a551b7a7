import { readFileSync } from "node:fs";
import { constants } from "node:os";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type EndingSignal = (typeof signals)[number];

const lookEveryMs = 250;

/** Tells when the command is to end: of a signal, or with the npm that started it. */
export class Ending {
  readonly #controller = new AbortController();
  readonly #again = new AbortController();
  readonly #looking: NodeJS.Timeout | undefined;
  #reason: EndingSignal | undefined;

  constructor() {
    for (const signal of signals) process.on(signal, this.#end);
    const isGone = launcherWatch();
    if (isGone === undefined) return;
    this.#looking = setInterval(() => {
      if (!isGone()) return;
      clearInterval(this.#looking);
      this.#end("SIGTERM");
    }, lookEveryMs);
    this.#looking.unref();
  }

  /** Raised when the command is to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Raised when it is told so once more. */
  get insisted(): AbortSignal {
    return this.#again.signal;
  }

  /** The exit code of a command that a signal has ended; undefined where none came. */
  get code(): number | undefined {
    return this.#reason === undefined ? undefined : 128 + constants.signals[this.#reason];
  }

  /** Leaves signals to others again. */
  close(): void {
    clearInterval(this.#looking);
    for (const signal of signals) process.off(signal, this.#end);
  }

  readonly #end = (signal: EndingSignal): void => {
    if (this.#reason !== undefined) this.#again.abort();
    this.#reason ??= signal;
    this.#controller.abort();
  };
}

/**
 * npx and `npm exec` run a command below a shell. A signal that is sent to npm ends one or both of them, and the command never hears
 * of it. Undefined where npm is not above this process, which then may outlive whoever has started it.
 */
function launcherWatch(): (() => boolean) | undefined {
  if (process.env.npm_command !== "exec") return undefined;
  const parent = process.ppid;
  const above = isShell(parent) ? parentOf(parent) : undefined;
  return () => process.ppid !== parent || (above !== undefined && parentOf(parent) !== above);
}

/** Whether a process is the shell that npm runs a command with. */
function isShell(pid: number): boolean {
  return /^\S*sh\0-c\0/.test(read(`/proc/${pid}/cmdline`));
}

/** Undefined where the system doesn't say. */
function parentOf(pid: number): number | undefined {
  // PID (NAME) STATE PPID ...; a name may hold anything.
  const parent = /.*\) \S (\d+)/s.exec(read(`/proc/${pid}/stat`))?.[1];
  return parent === undefined ? undefined : Number(parent);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
