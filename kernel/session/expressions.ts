import { bundleOf } from "../../lib/cell/index.js";
import type { Content } from "../wire/index.js";
import type { Failure } from "./failure.js";
import { sendable } from "./sendable.js";

type Run = (code: string, show: (value: unknown) => Promise<void>) => Promise<Failure | undefined>;

/** The values that a front end wants to know after a cell, by its names for them: each an expression in the cells' scope. */
export async function evaluate(expressions: unknown, run: Run): Promise<Content> {
  const values: Content = {};
  for (const [name, expression] of Object.entries((expressions as Content | undefined) ?? {})) {
    // In parentheses nothing but an expression compiles; a comment at its end must not swallow the closing one.
    const failure = await run(`(${expression}\n)`, async (value) => {
      values[name] = { status: "ok", data: sendable(await bundleOf(value)), metadata: {} };
    });
    if (failure !== undefined) values[name] = { status: "error", ...failure };
  }
  return values;
}
