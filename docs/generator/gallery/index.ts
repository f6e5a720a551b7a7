export { type Entry, entries, pictureOf } from "./entries.js";
export { galleryFile, galleryPage } from "./page.js";
export { pictureIn } from "./picture.js";
