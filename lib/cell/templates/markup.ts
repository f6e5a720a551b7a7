import { escapeHtml, xmlText } from "../../html/index.js";
import { Template } from "./template.js";

/** Markup with its values escaped; {@link html} makes it. */
export class Html extends Template {
  constructor(markup: string) {
    super(markup, "text/html");
  }
}

/** A drawing with its values escaped; {@link svg} makes it. */
export class Svg extends Template {
  constructor(markup: string) {
    super(markup, "image/svg+xml");
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
  // Lines and their indentation mean something, as in `<pre>`.
  return escapeHtml(xmlText(String(value)));
}
