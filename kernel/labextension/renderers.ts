import { figures } from "./figures.js";
import type { Renderer } from "./renderer.js";

/** All renderers that JupyterLab gets. */
export const renderers: readonly Renderer[] = [figures];
