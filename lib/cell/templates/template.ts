import { jupyterDisplay, type MimeBundle } from "../cell.js";

/** Text of a MIME type, with its values escaped; a cell shows it as what it is. */
export class Template {
  readonly #text: string;
  readonly #mimeType: string;

  constructor(text: string, mimeType: string) {
    this.#text = text;
    this.#mimeType = mimeType;
  }

  toString(): string {
    return this.#text;
  }

  [jupyterDisplay](): MimeBundle {
    return { [this.#mimeType]: this.#text, "text/plain": this.#text };
  }
}
