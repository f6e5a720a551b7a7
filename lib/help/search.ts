import MiniSearch from "minisearch";
import type { Entry } from "./entry.js";

/** Words of a text in lower case; a name in camel case is also its parts, so that "drop" finds `dropSummary`. */
function words(text: string): string[] {
  const whole = text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  const parts = whole.flatMap((word) => word.split(/(?<=[a-z0-9])(?=[A-Z])/));
  return [...new Set([...whole, ...parts].map((word) => word.toLowerCase()))];
}

/** Without its ending, so that one form of a word finds the others: retransmission, retransmitted. */
function stem(word: string): string {
  const short = word
    .replace(/miss(?:ions?)$|mitt(?:ed|ing)$/, "mit")
    .replace(/(?:ings?|ions?|ed|es|(?<!s)s)$/, "");
  return short.length < 3 ? word : short;
}

const kinds: Entry["kind"][] = ["probe", "function", "finding", "class", "value", "type"];

/** Finds entries by name, text, columns and parameters, the best match first. */
export function searchIn(entries: readonly Entry[]): (query: string) => Entry[] {
  const engine = new MiniSearch<Entry & { id: number }>({
    fields: ["name", "text", "columns", "parameters", "page"],
    extractField: (entry, field) => {
      if (field === "columns")
        return entry.columns.map(({ name, meaning }) => `${name} ${meaning}`).join("\n");
      if (field === "parameters")
        return entry.parameters.map(({ name, takes, meaning }) => `${name} ${takes} ${meaning}`).join("\n");
      return String(entry[field as "name"]);
    },
    tokenize: words,
    processTerm: stem,
  });
  engine.addAll(entries.map((entry, id) => ({ ...entry, id })));
  return (query) => {
    const name = query.trim().toLowerCase();
    const isNamed = (one: { name: string }) => one.name.toLowerCase() === name;
    const options = {
      boost: { name: 8, page: 2 },
      prefix: true,
      // A typing error in a long word; in a short one it would be another word.
      fuzzy: (word: string) => (word.length > 5 ? 0.2 : false),
      boostDocument: (id: number) => 1 - kinds.indexOf(entries[id]?.kind ?? "type") / 10,
    };
    // All of the words, or else any of them.
    const all = engine.search(query, { ...options, combineWith: "AND" });
    const found = all.length > 0 ? all : engine.search(query, options);
    const ranked = found.map(({ id }) => entries[id] as Entry);
    // A name that somebody typed as it is written means that name: of an entry, or of a column, which no other words look like.
    const withColumn = name.includes("_") ? ranked.filter(({ columns }) => columns.some(isNamed)) : [];
    const exact = [...entries.filter(isNamed), ...withColumn];
    return [...new Set([...exact, ...ranked])];
  };
}
