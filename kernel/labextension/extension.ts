import { askThrough } from "./bridge.js";
import type { Container, NotebookTracker, Shared } from "./jupyterlab.js";

declare global {
  interface Window {
    _JUPYTERLAB?: Record<string, Container>;
  }
}

let shared: Shared = {};

/** The one token that is needed: its package is loaded long since, in whatever version this JupyterLab has. */
async function trackerToken(): Promise<unknown> {
  const [notebook] = Object.values(shared["@jupyterlab/notebook"] ?? {});
  if (notebook === undefined) throw new Error("this JupyterLab shares no @jupyterlab/notebook");
  const module = (await notebook.get())() as { INotebookTracker: unknown };
  return module.INotebookTracker;
}

const container: Container = {
  init(scope) {
    shared = scope;
  },
  async get() {
    const token = await trackerToken();
    const plugin = {
      id: "skbook:tables",
      description: "Tables of skbook page through all rows that the kernel has.",
      autoStart: true,
      requires: [token],
      activate(_: unknown, tracker: NotebookTracker) {
        const page = window as { skbookTables?: { ask?: ReturnType<typeof askThrough> } };
        page.skbookTables ??= {};
        page.skbookTables.ask = askThrough(tracker, "table");
      },
    };
    return () => ({ __esModule: true, default: plugin });
  },
};

window._JUPYTERLAB ??= {};
window._JUPYTERLAB.skbook = container;
