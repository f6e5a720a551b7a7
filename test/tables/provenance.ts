import type { Provenance } from "../../lib/tables/index.js";

/** Of rows of which nothing is missing. */
export const provenance: Provenance = {
  source: "test",
  host: null,
  recordingId: null,
  startedAt: null,
  endedAt: null,
  lost: 0,
  truncated: false,
  partial: false,
  notes: [],
  details: {},
};
