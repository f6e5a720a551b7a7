import { inspect } from "node:util";
import type { MimeBundle } from "../../lib/index.js";

const display = Symbol.for("Jupyter.display");

/** How a value is shown: by its own MIME bundle where it has one, else as text. */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  const own = (value as { [display]?: unknown } | null | undefined)?.[display];
  if (typeof own === "function") return checked((await own.call(value)) as MimeBundle);
  return { "text/plain": inspect(value, { depth: 4, maxArrayLength: 100 }) };
}

/** The bundle, if it can be sent: what JSON can't hold, a bigint or a circle, is its cell's error. */
export function checked<T>(bundle: T): T {
  JSON.stringify(bundle);
  return bundle;
}
