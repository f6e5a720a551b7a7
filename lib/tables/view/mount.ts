import { firstPage, type Packed } from "../shown/index.js";
import { bodyRows } from "./body.js";
import type { Changes } from "./changes.js";
import { element } from "./dom.js";
import { Head } from "./head.js";
import { Model } from "./model.js";
import { Pager } from "./pager.js";
import { type Settings, toolbar } from "./toolbar.js";
import { unpackRows } from "./unpack.js";

/** Puts a table to work with into the place of one that needs no script. */
export async function mount(root: HTMLElement, json: string): Promise<void> {
  const packed = JSON.parse(json) as Packed;
  const model = new Model(root, packed, await unpackRows(packed), firstPage(packed.total));
  const scroll = root.querySelector<HTMLElement>(".scroll");
  const name = scroll?.ariaLabel ?? "table";
  const said = element("span", { role: "status" });
  const settings: Settings = { zone: "UTC", filters: false, say: (text) => (said.textContent = text) };
  const changes: Changes = {
    rows(act) {
      act();
      void refresh();
    },
    look(act) {
      act();
      render();
    },
  };
  const head = new Head(model, changes);
  const body = element("tbody");
  const pager = new Pager(model, changes);
  const table = element("table", { className: "rows", ariaLabel: name }, head.element, body);
  const render = () => {
    head.render(settings.zone, settings.filters);
    body.replaceChildren(...bodyRows(model, settings.zone));
    table.setAttribute("aria-rowcount", String(model.matching + 1));
    pager.render();
  };
  const refresh = async () => {
    root.ariaBusy = "true";
    if (!(await model.refresh())) return;
    root.ariaBusy = "false";
    render();
  };
  const bars = toolbar(model, settings, changes, name);
  bars[0]?.append(said);
  scroll?.replaceChildren(table);
  scroll?.before(...bars);
  const extent = root.querySelector(".extent");
  pager.element.append(...(extent?.querySelectorAll(".warning") ?? []));
  extent?.replaceWith(pager.element);
  // What is empty stands in the list of columns now.
  root.querySelector("details.empty")?.remove();
  // JupyterLab takes keys for its own, "d d" deletes the cell, unless the very element that has the focus says not to.
  root.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement) target.dataset.lmSuppressShortcuts = "true";
  });
  root.classList.add("live");
  render();
}
