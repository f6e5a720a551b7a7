import { startDownloads } from "./downloads.js";
import type { LiveHost } from "./live-host.js";
import { startQueue } from "./queue.js";
import { startTransfers } from "./transfers.js";
import type { Trouble } from "./trouble.js";
import { startUploads } from "./uploads.js";

/** Notebooks whose cases this project records, and the trouble that each one looks into. */
export const investigations: { readonly [notebook: string]: (live: LiveHost) => Promise<Trouble> } = {
  "first-look": ({ scene }) => startUploads(scene),
  "slow-download": ({ scene }) => startDownloads(scene),
  "lost-or-late": ({ scene }) => startQueue(scene),
  "slow-transfer": startTransfers,
};

/** Templates whose cases this project records; the others are answered from cases of the notebooks. */
export const templates: typeof investigations = {
  "own-probe": ({ scene }) => startUploads(scene),
};
