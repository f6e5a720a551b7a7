import { stripVTControlCharacters } from "node:util";

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** Text that was meant for a terminal, as HTML. */
export function plain(text: string): string {
  return escapeHtml(stripVTControlCharacters(text));
}

/** A value of a bundle as one text: nbformat stores texts as lists of lines. */
export function joined(value: unknown): string {
  return Array.isArray(value) ? value.join("") : String(value);
}
