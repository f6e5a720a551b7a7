import type { Column } from "../lib/tables/index.js";

/** A column of text. */
export const word = (name: string, meaning: string): Column => ({ name, type: "VARCHAR", meaning });
