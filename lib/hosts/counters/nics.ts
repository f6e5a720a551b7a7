import type { Snapshot } from "../sections.js";
import type { Counter } from "./counter.js";

/** What is in the names of drops and errors, as a regular expression. */
export const lossWords = "drop|err|miss|discard|fail|overrun|overflow|no_?buf|lost|crc";
/** Words that these are found in by chance, and an interrupt that came late: no packet is lost. */
const harmless = /interrupt|transmission|missed_irq/gi;

/** What drivers count of drops and errors, under names of their own; their meaning, and their unit, are the driver's. */
export function nicCounters(sections: Snapshot): Counter[] {
  return Object.entries(sections).flatMap(([section, text]) => {
    if (!section.startsWith("nic.")) return [];
    return [...text.matchAll(/^\s*(\S.*?): (\d+)$/gm)].flatMap(([, name = "", value = ""]): Counter[] => {
      if (!new RegExp(lossWords, "i").test(name.replaceAll(harmless, ""))) return [];
      const subject = section.slice("nic.".length);
      return [
        {
          ...{ source: "nic", netns: sections.own ?? null, subject, name, value: BigInt(value) },
          unit: null,
          ...{ loss: true, bits: 64, identity: "" },
        },
      ];
    });
  });
}
