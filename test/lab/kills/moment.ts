import type { EndingName } from "./endings.js";
import { type Victim, type VictimName, victims } from "./victims.js";

/** When to cut a measurement off. */
export interface Moment {
  /** Since its connection to the host was there, what measures was started there, or its BPF programs were loaded. */
  from: "connection" | "start" | "programs";
  afterMs: number;
}

/** Long enough to reach from the first look at a host to the start, or from the start over attaching into measuring. */
const longestMs = 8_000;

/** A moment that makes sense for both: each comes up often enough. */
export function randomMoment(random: () => number, victim: VictimName, ending: EndingName): Moment {
  const { loads }: Victim = victims[victim];
  const [choice, afterMs] = [random(), Math.round(random() * longestMs)];
  // The deadline that passes is the one for attaching: what hangs has to be there, and not attached yet.
  if (ending === "deadline") return { from: "start", afterMs };
  if (choice < 0.2) return { from: "connection", afterMs };
  return { from: loads && choice < 0.6 ? "programs" : "start", afterMs };
}
