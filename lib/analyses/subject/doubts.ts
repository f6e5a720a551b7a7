/**
 * What casts doubt on a rule, by what the rule rests on. Every rule about traffic takes its doubts from here, so that a capture is worth the same
 * to all of them.
 */
const about = {
  /** Something is not there. */
  absence: [
    ...["CAPTURE_LOST_PACKETS", "CAPTURE_MISSED_PACKETS", "CAPTURE_ONE_SIDED", "CAPTURE_NO_ANSWERS"],
    "FRAGMENTS_MISSING",
  ],
  /** Something is there again. */
  repetition: ["CAPTURE_POSSIBLE_COPIES"],
  /** Something took a time. */
  time: ["CAPTURE_CLOCK"],
  /** Something came before something else. */
  order: ["CAPTURE_DISORDER", "CAPTURE_CLOCK"],
} as const;

/** Ids of the findings that cast doubt on what rests on all of these. */
export function doubtsAbout(...grounds: (keyof typeof about)[]): string[] {
  return [...new Set(grounds.flatMap((ground) => about[ground] as readonly string[]))];
}
