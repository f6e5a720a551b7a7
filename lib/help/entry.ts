/** A column of what a function returns. */
export interface HelpColumn {
  name: string;
  type: string;
  unit: string | null;
  meaning: string;
}

export interface HelpParameter {
  name: string;
  /** What it takes, in words or as TypeScript; empty where the meaning says it. */
  takes: string;
  /** null where there is none. */
  default: string | null;
  meaning: string;
}

/** What help knows of one name: something that a cell imports, or a finding. */
export interface Entry {
  name: string;
  kind: "probe" | "function" | "class" | "type" | "value" | "finding";
  /** The module that it is imported from; of a finding, of the function that finds it. */
  from: "skbook" | "skbook/probe";
  /** Title of the reference's page that it is on. */
  page: string;
  /** Markdown; the first sentence says what it is. */
  text: string;
  parameters: HelpParameter[];
  columns: HelpColumn[];
  /** A cell that calls it, with its imports; empty where there is nothing to call. */
  call: string;
}

/** What an entry is, in one sentence. */
export function sentenceOf({ text }: Entry): string {
  // A full stop within code ends nothing.
  return /^(?:`[^`]*`|[^`])*?[.:](?=\s|$)/.exec(text)?.[0].replace(/:$/, ".") ?? text;
}
