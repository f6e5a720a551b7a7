import type { Probe } from "../../lib/probes/index.js";
import { dropCounts, dropPlaces } from "../drop/index.js";

/** Counts every drop by its place, with whose it is, and by the second: what {@link dropReport} is made of. */
export const dropsByPlace: Probe<object, "frame"> = dropCounts("dropsByPlace", 1, dropPlaces);
