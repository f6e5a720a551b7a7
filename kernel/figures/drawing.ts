/** The type that figures are sent as: data, layout and config of plotly.js. */
export const figureType = "application/vnd.plotly.v1+json";

/**
 * What draws a figure in a page, as text: a function of plotly.js, the element to draw in and the figure, that resolves to one
 * that lets go of the figure.
 */
export const drawing = `async (plotly, place, figure) => {
  const plot = document.createElement("div");
  place.append(plot);
  // plotly.js writes into what it gets, which is the notebook's.
  const { data, layout, config } = structuredClone(figure);
  try {
    await plotly.newPlot(plot, data, layout, config);
  } catch (error) {
    plot.remove();
    throw error;
  }

  // As wide as the figure says, narrower where the page is; a hidden page has no width yet and tells when it has.
  const size = new ResizeObserver(() => {
    const fitting = Math.min(layout.width ?? Infinity, Math.max(320, place.clientWidth));
    if (place.clientWidth > 0 && plot.layout.width !== fitting) plotly.relayout(plot, { width: fitting });
  });
  size.observe(place);

  // On a dark page a figure is turned dark as a whole, hues kept: the colours of its series stay told apart.
  const isDark = (element) => {
    const [red, green, blue, alpha = 1] = getComputedStyle(element).backgroundColor.match(/[\\d.]+/g).map(Number);
    if (alpha > 0) return red + green + blue < 384;
    return element.parentElement !== null && isDark(element.parentElement);
  };
  const shade = () => {
    const dark = place.parentElement !== null && isDark(place.parentElement);
    place.style.filter = dark ? "invert(0.93) hue-rotate(180deg)" : "";
  };
  shade();
  // JupyterLab tells of another theme there, a page of its own by what the system prefers.
  const theme = new MutationObserver(() => setTimeout(shade));
  theme.observe(document.body, { attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  const preference = matchMedia("(prefers-color-scheme: dark)");
  preference.addEventListener("change", shade);

  return () => {
    size.disconnect();
    theme.disconnect();
    preference.removeEventListener("change", shade);
    plotly.purge(plot);
  };
}`;
