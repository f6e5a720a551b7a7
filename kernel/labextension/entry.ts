import type { Renderer } from "./renderer.js";

/**
 * The script that JupyterLab loads at its start, written in the form that its module federation asks for: a container with
 * `init`, which gets the modules that JupyterLab shares, and `get`, which gives ours.
 */
export function entryScript(name: string, renderers: readonly Renderer[]): string {
  const listed = renderers.map(
    ({ id, mimeType, rank, safe, show }) =>
      `{ id: ${JSON.stringify(`${name}:${id}`)}, mimeType: ${JSON.stringify(mimeType)}, rank: ${rank}, safe: ${safe}, show: ${show} }`,
  );
  return `(() => {
const folder = document.currentScript.src.replace(/[^/]*$/, "");
const renderers = [${listed.join(",\n")}];

const loaded = new Map();
const url = (name) => folder + name;
const load = (name) => {
  if (!loaded.has(name)) {
    loaded.set(name, new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = url(name);
      script.onload = () => { script.remove(); done(); };
      script.onerror = () => { loaded.delete(name); failed(new Error("cannot load " + script.src)); };
      document.head.append(script);
    }));
  }
  return loaded.get(name);
};

// What the output says in words, where its renderer fails.
const failed = (place, output, error) => {
  console.error("skbook:", error);
  const text = document.createElement("pre");
  text.textContent = [output["text/plain"] ?? ""].flat().join("");
  place.replaceChildren(text);
};

let shared;
const widgetClass = async () => (await Object.values(shared["@lumino/widgets"])[0].get())().Widget;

const extensions = (Widget) => {
  class Output extends Widget {
    constructor(renderer) {
      super();
      this.renderer = renderer;
      this.turn = 0;
    }
    async renderModel(model) {
      const turn = ++this.turn;
      this.letGo();
      this.node.replaceChildren();
      const place = document.createElement("div");
      this.node.append(place);
      try {
        const close = await this.renderer.show(place, model.data, { url, load });
        // Rendered anew, or gone, while this one was on its way.
        if (turn === this.turn && !this.isDisposed) this.closeShown = close;
        else close?.();
      } catch (error) {
        failed(place, model.data, error);
      }
    }
    letGo() {
      this.closeShown?.();
      this.closeShown = undefined;
    }
    dispose() {
      this.letGo();
      super.dispose();
    }
  }
  return renderers.map((renderer) => ({
    id: renderer.id,
    rank: renderer.rank,
    dataType: "json",
    rendererFactory: {
      safe: renderer.safe,
      mimeTypes: [renderer.mimeType],
      createRenderer: () => new Output(renderer),
    },
  }));
};

(window._JUPYTERLAB ??= {})[${JSON.stringify(name)}] = {
  init: (scope) => { shared = scope; },
  get: async (name) => {
    const module = name === "./extension"
      ? await window.skbookTables.plugin(shared)
      : extensions(await widgetClass());
    return () => ({ __esModule: true, default: module });
  },
};
})();
`;
}
