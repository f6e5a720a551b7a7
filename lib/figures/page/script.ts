/** Marks the element that carries plotly.js. */
export const carrierClass = "skbook-plotly";
/** Marks a figure: a picture and, as JSON, what plotly.js draws in its place. */
export const figureClass = "skbook-figure";

/**
 * What every figure runs in the page, each time its output is rendered. The first that finds the carrier unpacks it;
 * all wait for the same promise, so figures may be rendered in any order, twice, or beside another notebook's.
 * plotly.js is kept under a name of our own: the page may have another version as `Plotly`, which stays.
 */
export const pageScript = `(() => {
  const page = (window.skbookFigures ??= {});
  page.plotly ??= new Promise((resolve) => { page.arrived = resolve; });

  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    const other = window.Plotly;
    document.head.append(script);
    page.arrived(window.Plotly);
    window.Plotly = other;
    script.remove();
  };

  // As wide as the picture, narrower where the page is; a hidden page has no width yet and tells when it has.
  const fit = (figure, plot, width, plotly) => new ResizeObserver(() => {
    const fitting = Math.min(width, Math.max(320, figure.clientWidth));
    if (figure.clientWidth > 0 && plot.layout.width !== fitting) plotly.relayout(plot, { width: fitting });
  }).observe(figure);

  // On a dark page a figure is turned dark as a whole, hues kept: the colours of its series stay told apart.
  const isDark = (element) => {
    const [red, green, blue, alpha = 1] = getComputedStyle(element).backgroundColor.match(/[\\d.]+/g).map(Number);
    if (alpha > 0) return red + green + blue < 384;
    return element.parentElement !== null && isDark(element.parentElement);
  };
  const shade = (figure) => {
    figure.style.filter = isDark(figure.parentElement) ? "invert(0.93) hue-rotate(180deg)" : "";
  };
  const figures = () => document.querySelectorAll(".${figureClass}");
  if (!page.theme) {
    page.theme = new MutationObserver(() => setTimeout(() => figures().forEach(shade)));
    // JupyterLab tells of another theme there.
    page.theme.observe(document.body, { attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  }

  const draw = async (figure, plotly) => {
    // Of a page that is still arriving, the last figure may lack its end, which is this script: it draws it then.
    if (figure.dataset.drawn || !figure.querySelector("script:not([type])")) return;
    figure.dataset.drawn = "yes";
    shade(figure);
    const picture = figure.querySelector("img");
    const plot = document.createElement("div");
    picture.hidden = true;
    figure.append(plot);
    try {
      const { data, layout, config } = JSON.parse(figure.querySelector("script").textContent);
      await plotly.newPlot(plot, data, layout, config);
      fit(figure, plot, layout.width, plotly);
    } catch (error) {
      plot.remove();
      picture.hidden = false;
      console.error("skbook: the picture of a figure stays,", error);
    }
  };

  const carrier = document.querySelector("script.${carrierClass}");
  if (carrier && !page.unpacking) {
    page.unpacking = unpack(carrier.textContent).catch((error) => {
      page.unpacking = undefined;
      console.error("skbook: figures stay pictures,", error);
    });
  }
  page.plotly.then((plotly) => {
    for (const figure of figures()) draw(figure, plotly);
  });
})();`;
