import { askThrough } from "./bridge.js";
import type { NotebookTracker, Shared } from "./jupyterlab.js";

interface Tables {
  ask?: ReturnType<typeof askThrough>;
  plugin?(shared: Shared): Promise<object>;
}

/** The one token that is needed: its package is loaded long since, in whatever version this JupyterLab has. */
async function trackerToken(shared: Shared): Promise<unknown> {
  const [notebook] = Object.values(shared["@jupyterlab/notebook"] ?? {});
  if (notebook === undefined) throw new Error("this JupyterLab shares no @jupyterlab/notebook");
  const module = (await notebook.get())() as { INotebookTracker: unknown };
  return module.INotebookTracker;
}

const page = window as { skbookTables?: Tables };
page.skbookTables ??= {};
const tables = page.skbookTables;
tables.plugin = async (shared) => ({
  id: "skbook:tables",
  description: "Tables of skbook page through all rows that the kernel has.",
  autoStart: true,
  requires: [await trackerToken(shared)],
  activate(_: unknown, tracker: NotebookTracker) {
    tables.ask = askThrough(tracker, "table");
  },
});
