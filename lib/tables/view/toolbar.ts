import { visible } from "../../html/index.js";
import { type Column, isTime } from "../shown/index.js";
import type { Changes } from "./changes.js";
import { button, element, unhurried } from "./dom.js";
import type { Model } from "./model.js";
import { copyRows, downloadRows } from "./save.js";

/** What the toolbar sets beside the model. */
export interface Settings {
  zone: string;
  filters: boolean;
  /** What was done last, for the reader. */
  say(text: string): void;
}

/** In so few rows nothing has to be looked for. */
const surveyable = 5;

/** Search, filters, columns, time zone, copy and download. */
export function toolbar(model: Model, settings: Settings, changes: Changes, name: string): HTMLElement[] {
  const search = element("input", {
    type: "search",
    placeholder: "search",
    ariaLabel: "search in all columns",
  });
  search.addEventListener(
    "input",
    unhurried(() => changes.rows(() => model.search(search.value))),
  );
  const filters = button("Filters", () =>
    changes.look(() => {
      settings.filters = !settings.filters;
      filters.ariaPressed = String(settings.filters);
    }),
  );
  filters.ariaPressed = "false";
  const saving = (act: () => Promise<string>) => () => {
    act().then(settings.say, (error) => settings.say(`not done: ${error.message}`));
  };
  const copy = button(
    "Copy",
    saving(() => copyRows(model)),
    "copy the rows that match",
  );
  const download = button(
    "CSV",
    saving(() => downloadRows(model, name)),
    "download the rows that match as CSV",
  );
  const hasTimes = model.packed.columns.some(isTime);
  const zones = hasTimes ? [zoneBox(settings, changes)] : [];
  const { opener, list } = columnsChooser(model, changes);
  const finding = model.packed.total > surveyable ? [search, filters] : [];
  const bar = element("div", { className: "bar" }, ...finding, opener, ...zones, copy, download);
  return [bar, list];
}

/** A button that opens a list of the columns below it, which tells what is shown. */
function columnsChooser(model: Model, changes: Changes): { opener: HTMLElement; list: HTMLElement } {
  const { columns } = model.packed;
  const opener = button("", () => open(list.hidden !== false));
  const boxes = model.order.map((index) => {
    const column = columns[index] as Column;
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", () => update(() => model.show(index, box.checked)));
    const empty = model.packed.empty[index] === true ? element("small", {}, "no values") : "";
    return {
      index,
      box,
      label: element("label", { title: column.meaning }, box, visible(column.name), empty),
    };
  });
  const list = element(
    "div",
    { className: "columns", role: "group", ariaLabel: "columns", hidden: true },
    ...boxes.map(({ label }) => label),
    button("all", () => update(() => model.showAll())),
    button("those with values", () => update(() => model.showUsual())),
  );
  const open = (isOpen: boolean) => {
    list.hidden = !isOpen;
    opener.ariaExpanded = String(isOpen);
    (isOpen ? boxes[0]?.box : opener)?.focus();
  };
  const update = (act: () => void) => {
    changes.look(act);
    refresh();
  };
  const refresh = () => {
    const shown = new Set(model.visible);
    for (const { index, box } of boxes) box.checked = shown.has(index);
    opener.textContent = `Columns ${shown.size}/${columns.length}`;
  };
  list.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") open(false);
  });
  opener.ariaExpanded = "false";
  refresh();
  return { opener, list };
}

function zoneBox(settings: Settings, changes: Changes): HTMLElement {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = new Set(["UTC", own, ...Intl.supportedValuesOf("timeZone")]);
  const box = element("select", { ariaLabel: "time zone", title: "time zone of times" });
  box.append(...[...zones].map((zone) => new Option(zone, zone)));
  box.value = settings.zone;
  box.addEventListener("change", () =>
    changes.look(() => {
      settings.zone = box.value;
    }),
  );
  return box;
}
