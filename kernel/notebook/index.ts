export {
  type Cell,
  formatNotebook,
  linesOf,
  type Notebook,
  type Output,
  readNotebook,
  tagsOf,
  writeWhole,
} from "./notebook.js";
