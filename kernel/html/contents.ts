import { escapeHtml } from "../../lib/html/index.js";

/** A heading of the notebook's Markdown, in the order of the page. */
export interface Heading {
  /** 1 to 6. */
  level: number;
  text: string;
  /** What a link to it names; no other element of the page has it. */
  id: string;
}

/** Gives headings their ids: the words of a heading, numbered where another one has the same. */
export class Headings {
  readonly all: Heading[] = [];
  readonly #taken = new Map<string, number>();

  add(level: number, text: string): Heading {
    const words =
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
        .replaceAll(/^-|-$/g, "") || "section";
    const before = this.#taken.get(words) ?? 0;
    this.#taken.set(words, before + 1);
    // The ids of cells begin otherwise.
    const heading = { level, text, id: `section-${words}${before === 0 ? "" : `-${before + 1}`}` };
    this.all.push(heading);
    return heading;
  }
}

/** Deeper headings are found by scrolling. */
const deepest = 3;

/** Links to the headings, and a switch that hides all code; both work without scripts. */
export function contentsHtml(headings: readonly Heading[]): string {
  const links = headings
    .filter(({ level }) => level <= deepest)
    .map(
      ({ level, text, id }) =>
        `<li class="level-${level}"><a href="#${escapeHtml(id)}">${escapeHtml(text)}</a></li>`,
    );
  const list =
    links.length === 0
      ? ""
      : `\n<details open><summary>Contents</summary><ul>${links.join("")}</ul></details>`;
  return `<nav aria-label="Contents">
<label><input type="checkbox" id="hide-code"> Hide code</label>${list}
</nav>`;
}
