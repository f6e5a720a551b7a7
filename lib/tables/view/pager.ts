import { firstPage, grouped } from "../shown/index.js";
import type { Changes } from "./changes.js";
import { button, element } from "./dom.js";
import type { Model } from "./model.js";

const sizes = [20, 50, 100, 500];

/** Turns pages, and says which rows are shown. */
export class Pager {
  readonly element = element("div", { className: "bar" });
  readonly #status = element("span", { className: "status", role: "status" });
  readonly #number = element("input", { type: "text", inputMode: "numeric", ariaLabel: "page" });
  readonly #pages = element("span");
  readonly #backwards: HTMLButtonElement[];
  readonly #onwards: HTMLButtonElement[];
  readonly #turning = element("span", { className: "group" });

  constructor(
    private readonly model: Model,
    changes: Changes,
  ) {
    const turn = (to: () => number) => () => changes.rows(() => model.turnTo(to()));
    this.#backwards = [
      button(
        "«",
        turn(() => 0),
        "first page",
      ),
      button(
        "‹",
        turn(() => model.pageIndex - 1),
        "previous page",
      ),
    ];
    this.#onwards = [
      button(
        "›",
        turn(() => model.pageIndex + 1),
        "next page",
      ),
      button(
        "»",
        turn(() => model.pages - 1),
        "last page",
      ),
    ];
    this.#number.addEventListener("change", () => {
      const page = Number.parseInt(this.#number.value.replaceAll(",", ""), 10);
      changes.rows(() => model.turnTo(Number.isNaN(page) ? model.pageIndex : page - 1));
    });
    const size = element("select", { ariaLabel: "rows on a page" });
    size.append(...sizes.map((rows) => new Option(`${rows} rows`, String(rows))));
    size.value = String(model.pageSize);
    size.addEventListener("change", () => changes.rows(() => model.resize(Number(size.value))));
    this.#turning.append(...this.#backwards, this.#number, this.#pages, ...this.#onwards, size);
    this.element.append(this.#status, this.#turning);
  }

  render(): void {
    const { model } = this;
    const { matching, total, pageIndex, pageSize, pages } = model;
    const first = matching === 0 ? 0 : pageIndex * pageSize + 1;
    const last = Math.min(matching, (pageIndex + 1) * pageSize);
    const whole = model.isCut
      ? `the first ${grouped(total)} of ${rowsText(model.packed.total)}`
      : rowsText(total);
    const found = matching < total ? `${grouped(matching)} that match of ${whole}` : whole;
    // Without an id the kernel has kept no more of them.
    const isKept = model.packed.id !== undefined;
    const why = model.trouble ?? (isKept ? "JupyterLab shows all while the kernel lives" : undefined);
    const rest = model.isCut && why !== undefined ? ` · ${why}` : "";
    this.#status.textContent = `${grouped(first)}–${grouped(last)} of ${found}${rest}`;
    this.#number.value = grouped(pageIndex + 1);
    this.#pages.textContent = `of ${grouped(pages)}`;
    for (const one of this.#backwards) one.disabled = pageIndex === 0;
    for (const one of this.#onwards) one.disabled = pageIndex >= pages - 1;
    this.#turning.hidden = total <= firstPage(total);
  }
}

function rowsText(count: number): string {
  return `${grouped(count)} ${count === 1 ? "row" : "rows"}`;
}
