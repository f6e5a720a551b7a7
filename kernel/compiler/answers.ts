export interface Completion {
  matches: { text: string; type: string; signature: string }[];
  start: number;
  end: number;
}

export interface Inspection {
  /** As TypeScript: what the name is. */
  signature: string;
  /** Its documentation, in Markdown. */
  documentation: string;
}

/** A list longer than this is of no use, and slow to show. */
export const maxMatches = 500;
