import type { Host } from "../../../lib/index.js";
import type { Trouble } from "../../scene/trouble.js";
import { startFirstPackets } from "./first-packets.js";
import { startLatePackets } from "./late-packets.js";
import { startLostPackets } from "./lost-packets.js";

/** Notebooks whose cases are recorded on a lab host, and the trouble that each one looks into. */
export const investigations: { readonly [notebook: string]: (host: Host) => Promise<Trouble> } = {
  "where-did-my-packets-go": startLostPackets,
  "which-stage-is-slow": startLatePackets,
  "first-packet-is-slow": startFirstPackets,
};
