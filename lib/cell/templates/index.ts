export { Markdown, md } from "./markdown.js";
export { Html, html, Svg, svg } from "./markup.js";
