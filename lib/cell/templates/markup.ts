import { escapeHtml } from "../../html/index.js";
import { jupyterDisplay, type MimeBundle } from "../cell.js";

/** Markup with its values escaped; {@link html} makes it. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }

  [jupyterDisplay](): MimeBundle {
    return { "text/html": this.#markup, "text/plain": this.#markup };
  }
}

/** A drawing with its values escaped; {@link svg} makes it. */
export class Svg {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }

  [jupyterDisplay](): MimeBundle {
    return { "image/svg+xml": this.#markup, "text/plain": this.#markup };
  }
}

/**
 * HTML that a cell shows: `` html`<b>${host.name}</b>` ``. What is put in is text: of a value no character is markup, whoever it comes
 * from. Another {@link html} or {@link svg} goes in as it is, a list item by item, null and undefined as nothing. Put attributes in quotes.
 *
 * @example html`<p>Reached <b>${"192.0.2.1 <gateway>"}</b></p>`
 */
export function html(strings: TemplateStringsArray, ...values: unknown[]): Html {
  return new Html(filled(strings, values));
}

/**
 * A drawing that a cell shows; values are escaped as {@link html} does it.
 *
 * @example svg`<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><circle cx="10" cy="10" r="${8}"/></svg>`
 */
export function svg(strings: TemplateStringsArray, ...values: unknown[]): Svg {
  return new Svg(filled(strings, values));
}

function filled(strings: TemplateStringsArray, values: readonly unknown[]): string {
  return strings.map((text, at) => (at < values.length ? text + asMarkup(values[at]) : text)).join("");
}

function asMarkup(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Html || value instanceof Svg) return String(value);
  if (Array.isArray(value)) return value.map(asMarkup).join("");
  return escapeHtml(visible(String(value)));
}

/** Characters that would steer a terminal, or turn the line around, are spelled out. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
