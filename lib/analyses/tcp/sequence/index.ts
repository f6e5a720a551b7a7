import { type Capture, type Scope, scopeOf, type TrafficFilter } from "../../../captures/index.js";
import { sequencePass } from "./pass.js";

/** The part of a capture that a filter takes, with what its sequence spaces say of each packet. */
export async function sequencesOf(capture: Capture, filter: TrafficFilter): Promise<Scope> {
  return (await scopeOf(capture, filter)).with(sequencePass);
}

/** Acks of data that the capture lacks for good, as relation `missed`. What was sent before the capture began is not missed. */
export const missedViews = {
  missed: `
    SELECT flow_number, from_client, any_value(sender) AS sender, count(*) AS acks FROM tcp
    WHERE frame IN (SELECT acked_frame FROM holes WHERE fate = 'never' OR fate = 'missed' AND filled_frame > acked_frame)
    GROUP BY flow_number, from_client`,
};
