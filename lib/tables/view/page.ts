import type { Answer, Question } from "../shown/index.js";

/** Asks the kernel for rows; rejects where there is no kernel that has them. */
export type Ask = (question: Question) => Promise<Answer>;

/** What tables of a page share. */
export interface Page {
  /** Makes the tables that are there ones to work with. */
  mount?: () => void;
  /** How the kernel is asked that an element's output came from; set by a front end that can. */
  ask?: (element: Element) => Ask | undefined;
}

declare global {
  interface Window {
    skbookTables?: Page;
  }
}

window.skbookTables ??= {};
export const page: Page = window.skbookTables;
