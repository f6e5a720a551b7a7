import type { Snapshot } from "../snapshot.js";
import type { Counter } from "./reading.js";

/** What drivers count of drops and errors, under names of their own; their meaning, and their unit, are the driver's. */
export function nicCounters(sections: Snapshot): Counter[] {
  return Object.entries(sections).flatMap(([section, text]) => {
    if (!section.startsWith("nic.")) return [];
    return [...text.matchAll(/^\s*(\S.*?): (\d+)$/gm)].map(([, name = "", value = ""]): Counter => {
      const subject = section.slice("nic.".length);
      return {
        ...{ source: "nic", netns: sections.own ?? null, subject, name, value: BigInt(value) },
        unit: null,
        ...{ loss: true, bits: 64, identity: "" },
      };
    });
  });
}
