import { inspect } from "node:util";
import { printable } from "../html/index.js";
import { jupyterDisplay, type MimeBundle } from "./cell.js";

/** How a value is shown: by its own MIME bundle where it has one, else as text. */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  const own = (value as { [jupyterDisplay]?: () => MimeBundle | Promise<MimeBundle> } | null | undefined)?.[
    jupyterDisplay
  ];
  if (typeof own !== "function") return textBundle(inspect(value, { depth: 4, maxArrayLength: 100 }));
  const bundle = await own.call(value);
  const text = bundle["text/plain"];
  return typeof text === "string" ? { ...bundle, ...textBundle(text) } : bundle;
}

/** Text as a front end on a terminal prints it. */
export function textBundle(text: string): MimeBundle {
  return { "text/plain": printable(text) };
}
