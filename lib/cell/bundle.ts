import { inspect } from "node:util";
import { jupyterDisplay, type MimeBundle } from "./cell.js";

/** How a value is shown: by its own MIME bundle where it has one, else as text. */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  const own = (value as { [jupyterDisplay]?: () => MimeBundle | Promise<MimeBundle> } | null | undefined)?.[
    jupyterDisplay
  ];
  if (typeof own === "function") return own.call(value);
  return { "text/plain": inspect(value, { depth: 4, maxArrayLength: 100 }) };
}
