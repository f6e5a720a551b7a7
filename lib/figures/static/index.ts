export { drawPicture } from "./picture.js";
export { textWidth } from "./widths.js";
export { plotlyScript } from "./window.js";
export { wordsPicture } from "./words.js";
