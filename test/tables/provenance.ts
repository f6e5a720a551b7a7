import { completeProvenance } from "../../lib/tables/index.js";

/** Of rows of which nothing is missing. */
export const provenance = completeProvenance("test");
