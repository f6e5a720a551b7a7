import { configurationRules } from "./configuration.js";
import { limitRules } from "./limits.js";
import { sampleRules } from "./samples.js";
import { troubleRules } from "./trouble.js";

/** The rules about samples of sockets, in the order in which they are listed. */
export const socketRules = { ...sampleRules, ...limitRules, ...troubleRules, ...configurationRules };
