/**
 * What casts doubt on a rule, by what the rule rests on. Every rule about traffic takes its doubts from here, so that a capture is worth the same
 * to all of them.
 */
const about = {
  /** Something is not there. */
  absence: [
    "CAPTURE_LOST_PACKETS",
    "CAPTURE_MISSED_PACKETS",
    "CAPTURE_ONE_SIDED",
    "CAPTURE_NO_ANSWERS",
    "FRAGMENTS_MISSING",
  ],
  /** Something is there again. */
  repetition: ["CAPTURE_POSSIBLE_COPIES"],
  /** Something took a time. */
  time: ["CAPTURE_CLOCK"],
  /** Something came before something else. */
  order: ["CAPTURE_DISORDER", "CAPTURE_CLOCK"],
  /** Who is client and who is server. */
  role: ["CAPTURE_NO_SYN"],
  /** Somebody wanted it to come about. */
  intent: ["TRACEROUTE_SEEN"],
  /** All of it could be read. */
  whole: ["CAPTURE_DAMAGED"],
} as const;

type Ground = keyof typeof about;
/** Id of a finding that casts doubt on others. */
export type Doubt = (typeof about)[Ground][number];

/** Ids of the findings that cast doubt on what rests on all of these. */
export function doubtsAbout(...grounds: Ground[]): Doubt[] {
  return [...new Set(grounds.flatMap((ground) => about[ground] as readonly Doubt[]))];
}
