import { printable } from "../html/index.js";

/** What a {@link SkbookError} is made of: errors are data first, text last. */
export interface ErrorFacts {
  /** Stable upper-case code, e.g. `HOST_KEY_CHANGED`: what programs match on. */
  code: string;
  /** What was tried, as a clause: "connect to root@192.0.2.10:22". */
  tried: string;
  /** What failed, in the words of the system that refused. */
  failed: string;
  /** What the reader should do next. */
  todo: string;
  /** Facts beside the text, JSON only; never a secret. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * Every error that skbook raises on purpose. `code` is stable between versions; `tried`, `failed` and `todo`
 * are the three sentences of its message.
 */
export class SkbookError extends Error implements ErrorFacts {
  override readonly name = "SkbookError";
  readonly code: string;
  readonly tried: string;
  readonly failed: string;
  readonly todo: string;
  readonly details: Record<string, unknown>;

  constructor(facts: ErrorFacts) {
    // Hosts, captures and cases have a say in these sentences.
    const [tried, failed, todo] = [facts.tried, facts.failed, facts.todo].map(printable) as [
      string,
      string,
      string,
    ];
    super(
      `[${facts.code}] ${failed}\n  tried: ${tried}\n  to do: ${todo}`,
      facts.cause === undefined ? undefined : { cause: facts.cause },
    );
    this.code = facts.code;
    this.tried = tried;
    this.failed = failed;
    this.todo = todo;
    this.details = facts.details ?? {};
  }
}

/** The text of anything thrown, for a `failed` sentence. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
