export { bundleOf } from "./bundle.js";
export {
  type Cell,
  callSignal,
  currentCell,
  interrupted,
  jupyterDisplay,
  type MimeBundle,
} from "./cell.js";
export { clearOutput, display, page } from "./display.js";
export { bringsAlong } from "./once.js";
export { answererOf, answerQuestions } from "./questions.js";
export { kernelEnvironment, sudoPassword } from "./sudo-password.js";
export { Html, html, Markdown, md, Svg, svg } from "./templates/index.js";
