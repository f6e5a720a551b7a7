import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { bringsAlong } from "../../cell/index.js";

/** Marks the JSON of a table's rows. */
export const rowsClass = "skbook-rows";
/** Marks the element that carries the script of all tables. */
const carrierClass = "skbook-table-script";

/**
 * What every table runs in the page, each time its output is rendered. The script of all tables may be there already, else the one
 * element that carries it is unpacked; where there is none, tables stay as they are.
 */
const starter = `(() => {
  const page = (window.skbookTables ??= {});
  if (page.mount) return page.mount();
  const carrier = document.querySelector("script.${carrierClass}");
  if (!carrier || page.unpacking) return;
  page.unpacking = true;
  const bytes = Uint8Array.from(atob(carrier.textContent), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  new Response(stream).text().then((text) => {
    const script = document.createElement("script");
    script.textContent = text;
    document.head.append(script);
    script.remove();
  }).catch((error) => {
    page.unpacking = false;
    console.error("skbook: tables stay as they are,", error);
  });
})();`;

/** The scripts of one table: one that starts, and the first time in a session what it starts. */
export function pageScripts(): string[] {
  const carried = `<script type="text/plain" class="${carrierClass}">`;
  return [
    ...(bringsAlong("tables") ? [`${carried}${packedScript()}</script>`] : []),
    `<script>${starter}</script>`,
  ];
}

let script: string | undefined;

/** The script of all tables, gzipped, in base64: a third of its size. */
function packedScript(): string {
  script ??= gzipSync(readFileSync(builtScript()), { level: 9 }).toString("base64");
  return script;
}

function builtScript(): string {
  const manifest = createRequire(import.meta.url).resolve("skbook/package.json");
  return join(dirname(manifest), "dist/browser/tables.js");
}
