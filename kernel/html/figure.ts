import { drawing, packedPlotly } from "../figures/index.js";

const figureClass = "skbook-figure";
const carrierId = "skbook-plotly";

/** A figure with what is shown of it until plotly.js has drawn it, and where it can't. */
export function figureHtml(figure: unknown, picture: string): string {
  // Nothing in the JSON may end its element.
  const json = JSON.stringify(figure).replaceAll("<", "\\u003c");
  return `<div class="result ${figureClass}"><div>${picture}</div><script type="application/json">${json}</script></div>`;
}

const script = `(async () => {
  const draw = ${drawing};
  const bytes = Uint8Array.from(atob(document.getElementById("${carrierId}").textContent), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  const other = window.Plotly;
  document.head.append(script);
  script.remove();
  const plotly = window.Plotly;
  window.Plotly = other;
  for (const figure of document.querySelectorAll(".${figureClass}")) {
    const [picture, json] = figure.children;
    picture.hidden = true;
    await draw(plotly, figure, JSON.parse(json.textContent)).catch((error) => {
      picture.hidden = false;
      console.error("skbook: the picture of a figure stays,", error);
    });
  }
})().catch((error) => console.error("skbook: figures stay pictures,", error));`;

/** What a page with figures has at its end, once: plotly.js, and what draws them all. */
export async function figureScripts(): Promise<string> {
  const plotly = `<script type="text/plain" id="${carrierId}">${await packedPlotly()}</script>`;
  return `${plotly}\n<script>${script}</script>\n`;
}
