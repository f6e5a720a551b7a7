import { mount } from "./mount.js";
import { page } from "./page.js";
import { viewStyle } from "./style.js";

/** A table's root that has been made one to work with, or is about to be. */
const seen = new WeakSet<Element>();

page.mount ??= () => {
  for (const rows of document.querySelectorAll<HTMLScriptElement>(".skbook-table > script.skbook-rows")) {
    const root = rows.parentElement as HTMLElement;
    // Of a page that is still arriving, the last table may lack its end, whose script comes back here.
    if (seen.has(root) || root.querySelector(":scope > script:not([type])") === null) continue;
    seen.add(root);
    mount(root, rows.textContent ?? "").catch((error) => {
      console.error("skbook: a table stays as it is,", error);
    });
  }
};

if (document.querySelector("style.skbook-table-style") === null) {
  const style = document.createElement("style");
  style.className = "skbook-table-style";
  style.textContent = viewStyle;
  document.head.append(style);
}
page.mount();
