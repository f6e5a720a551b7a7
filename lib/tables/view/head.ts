import { visible } from "../../html/index.js";
import { type Column, conditionHint, headerTitle, isText, unitLine } from "../shown/index.js";
import type { Changes } from "./changes.js";
import { element, unhurried } from "./dom.js";
import type { Model } from "./model.js";

const signs = { asc: "▲", desc: "▼", none: "↕" };

/** Names of the columns, which sort, and below them a row of filters. */
export class Head {
  readonly element = element("thead");
  #shown = "";
  readonly #headers = new Map<number, { header: HTMLElement; sign: HTMLElement }>();

  constructor(
    private readonly model: Model,
    private readonly changes: Changes,
  ) {}

  /** Makes the row anew where other columns or units are shown; else only says what sorts, so that the focus stays. */
  render(zone: string, filters: boolean): void {
    const shown = JSON.stringify([this.model.visible, zone, filters]);
    if (shown !== this.#shown) this.#build(zone, filters);
    this.#shown = shown;
    for (const [index, { header, sign }] of this.#headers) {
      const sort = this.model.sortOf(index) || "none";
      header.ariaSort = { asc: "ascending", desc: "descending", none: "none" }[sort];
      sign.textContent = signs[sort];
      sign.className = sort === "none" ? "sign" : "sign on";
    }
  }

  #build(zone: string, filters: boolean): void {
    this.#headers.clear();
    const { columns } = this.model.packed;
    const names = element("tr");
    const boxes = element("tr", { className: "filters" });
    for (const index of this.model.visible) {
      const column = columns[index] as Column;
      names.append(this.#name(index, column, zone));
      boxes.append(element("td", { className: isText(column) ? "text" : "" }, this.#filter(index, column)));
    }
    this.element.replaceChildren(names, ...(filters ? [boxes] : []));
  }

  #name(index: number, column: Column, zone: string): HTMLElement {
    const sign = element("span", { ariaHidden: "true" });
    const name = element(
      "button",
      { type: "button", title: headerTitle(column) },
      visible(column.name),
      sign,
    );
    // With Shift, beside what sorts already.
    name.addEventListener("click", ({ shiftKey }) =>
      this.changes.rows(() => this.model.sort(index, shiftKey)),
    );
    const unit = element("small", {}, unitLine(column, zone));
    const header = element("th", { scope: "col", className: isText(column) ? "text" : "" }, name, unit);
    this.#headers.set(index, { header, sign });
    return header;
  }

  #filter(index: number, column: Column): HTMLElement {
    const box = element("input", {
      type: "text",
      value: this.model.filterOf(index),
      title: conditionHint(column),
      placeholder: isText(column) ? "contains" : ">, <, a..b",
      ariaLabel: `filter ${visible(column.name)}: ${conditionHint(column)}`,
      spellcheck: false,
    });
    const apply = () =>
      this.changes.rows(() => {
        const isUnderstood = this.model.filter(index, box.value);
        box.ariaInvalid = String(!isUnderstood);
      });
    box.addEventListener("input", unhurried(apply));
    return box;
  }
}
