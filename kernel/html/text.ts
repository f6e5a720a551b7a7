import { stripVTControlCharacters } from "node:util";
import { escapeHtml } from "../../lib/html/index.js";

/** Text that was meant for a terminal, as HTML. */
export function plain(text: string): string {
  return escapeHtml(stripVTControlCharacters(text));
}

/** A value of a bundle as one text: nbformat stores texts as lists of lines. */
export function joined(value: unknown): string {
  return Array.isArray(value) ? value.join("") : String(value);
}
