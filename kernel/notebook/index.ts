export {
  type Cell,
  formatNotebook,
  linesOf,
  type Notebook,
  type Output,
  readNotebook,
  tagsOf,
  titleOf,
  writeWhole,
} from "./notebook.js";
