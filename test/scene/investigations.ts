import { startDownloads } from "./downloads.js";
import { startQueue } from "./queue.js";
import type { Scene } from "./topology.js";
import type { Trouble } from "./trouble.js";
import { startUploads } from "./uploads.js";

/** Notebooks whose cases this project records, and the trouble that each one looks into. */
export const investigations: { readonly [notebook: string]: (scene: Scene) => Promise<Trouble> } = {
  "first-look": startUploads,
  "slow-download": startDownloads,
  "lost-or-late": startQueue,
};

/** Templates whose cases this project records; the others are answered from cases of the notebooks. */
export const templates: typeof investigations = {
  "own-probe": startUploads,
};
