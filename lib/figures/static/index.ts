export { pictureHtml } from "./html.js";
export { drawPicture } from "./picture.js";
export { textWidth } from "./widths.js";
export { wordsPicture } from "./words.js";
