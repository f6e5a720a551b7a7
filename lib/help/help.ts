import { jupyterDisplay, type MimeBundle } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import type { Entry } from "./entry.js";
import { entryBundle, foundBundle, overviewBundle } from "./render/index.js";

/** Most entries that are shown for a query: the others match it less. */
const most = 12;

let search: Promise<(query: string) => Entry[]> | undefined;

/** What is known of every name; read when it is first asked for. */
export async function allEntries(): Promise<readonly Entry[]> {
  return (await import("./entries.js")).entries;
}

async function openSearch(entries: readonly Entry[]): Promise<(query: string) => Entry[]> {
  const { searchIn } = await import("./search.js");
  return searchIn(entries.filter(({ name }) => name !== "help"));
}

/** The entry of a name, undefined where there is none. */
export async function entryOf(name: string): Promise<Entry | undefined> {
  return (await allEntries()).find((entry) => entry.name === name);
}

/** What {@link help} has found; a cell shows it, with a call to copy. */
export class Help {
  readonly #query: string;

  constructor(query: string) {
    this.#query = query;
  }

  async [jupyterDisplay](): Promise<MimeBundle> {
    const entries = await allEntries();
    const query = this.#query.trim();
    if (query === "") return overviewBundle(entries);
    const named = entries.find(({ name }) => name === query);
    search ??= openSearch(entries);
    const found = (await search)(query).filter((entry) => entry !== named);
    if (named !== undefined) return entryBundle(named, found.slice(0, 5));
    return foundBundle(query, found.slice(0, most), found.length);
  }
}

/**
 * Searches what cells can call: names, what they measure, parameters, columns, and what {@link findings} and {@link dropReport} look for. A
 * cell shows what was found, each with a call to copy. A kernel's cells have it without an import.
 *
 * @param query words, or a name: `"retransmission"`, `"drop reason"`, `"flows"`. Without one, an overview of all there is.
 * @example help("retransmission")
 */
export function help(query = ""): Help {
  if (typeof query === "string") return new Help(query);
  throw new SkbookError({
    code: "BAD_PARAMETER",
    tried: "search the help",
    failed: "the query is no text",
    todo: 'put words or a name in quotes: help("flows")',
  });
}
