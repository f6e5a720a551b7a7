import { jupyterDisplay } from "../cell/index.js";
import type { Finding } from "./finding.js";
import { findingHtml, findingText } from "./render.js";

/** Gives a finding its look. */
export function makeFinding(facts: Omit<Finding, typeof jupyterDisplay>): Finding {
  return {
    ...facts,
    [jupyterDisplay]() {
      return { "text/html": findingHtml(this), "text/plain": findingText(this) };
    },
  };
}
