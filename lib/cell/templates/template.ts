import { jupyterDisplay, type MimeBundle } from "../cell.js";

/** Text of a MIME type, with its values escaped; a cell shows it as what it is. */
export class Template {
  readonly #text: string;
  readonly #mimeType: string;
  readonly #plain: string;

  /** @param plain for a terminal; default the text itself. */
  constructor(text: string, mimeType: string, plain = text) {
    this.#text = text;
    this.#mimeType = mimeType;
    this.#plain = plain;
  }

  toString(): string {
    return this.#text;
  }

  [jupyterDisplay](): MimeBundle {
    return { [this.#mimeType]: this.#text, "text/plain": this.#plain };
  }
}
