import { type Capture, type Scope, scopeOf, type TrafficFilter } from "../../../captures/index.js";
import { sequencePass } from "./pass.js";

/** The part of a capture that a filter takes, with what its sequence spaces say of each packet. */
export async function sequencesOf(capture: Capture, filter: TrafficFilter): Promise<Scope> {
  return (await scopeOf(capture, filter)).with(sequencePass);
}
