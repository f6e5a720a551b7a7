/** Text as plotly.js shows it unchanged: its labels would read tags, entities and TeX. */
export function label(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("$", "&#36;");
}

const entities: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&#36;": "$", "&amp;": "&" };

/** What a plotly.js label shows, as plain text. */
export function plainText(label: unknown): string {
  if (typeof label !== "string") return "";
  return label
    .replace(/<br\s*\/?>/g, " ")
    .replace(/<[^>]*>/g, "")
    .replace(/&(?:lt|gt|#36|amp);/g, (entity) => entities[entity] ?? entity);
}

/** A name short enough for a legend, with its ends kept: they tell two symbols or devices apart. */
export function shorten(name: string, length = 30): string {
  if (name.length <= length) return name;
  const head = Math.ceil((length - 1) / 2);
  return `${name.slice(0, head)}…${name.slice(name.length - (length - 1 - head))}`;
}

/** A count with its thousands apart, in every locale the same. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 drop", "2,000 drops". */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** "12 %", "0.35 %": a part of a whole, to two digits. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Number(((100 * part) / whole).toPrecision(2))} %`;
}
