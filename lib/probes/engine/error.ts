import { type ErrorFacts, SkbookError } from "../../errors/index.js";
import type { Frame, Table } from "../../tables/index.js";

/** A probe that did not come to its end. What had arrived until then is in `partial`. */
export class ProbeError extends SkbookError {
  /** What had arrived, marked as partial; null when nothing had. */
  readonly partial: Table | Frame | null;

  constructor(facts: ErrorFacts, partial: Table | Frame | null) {
    super(facts);
    this.partial = partial;
  }
}
