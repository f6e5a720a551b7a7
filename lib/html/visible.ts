/** What steers a terminal, or turns a line around: control characters of ASCII and Latin-1, and marks of direction. */
const steering = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Text off the wire must not steer a terminal or turn the line around: such characters are spelled out. */
export function visible(text: string): string {
  return text.replace(steering, spelled);
}

/** The same for text of several lines: what ends a line stays, and tabs. */
export function printable(text: string): string {
  return text
    .replace(/\r\n/g, "\n")
    .replace(steering, (sign) => (sign === "\n" || sign === "\t" ? sign : spelled(sign)));
}

/** The same for what a program prints: colours stay, and what goes back to the beginning of the line. */
export function printed(text: string): string {
  return text.replace(/\p{Cc}\[[\d;]*m|[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (part) =>
    part.startsWith("\u001b[") || "\n\t\r\b".includes(part) ? part : visible(part),
  );
}

/** Text that XML can hold, too: without halves of pairs, and signs that are none. */
export function xmlText(text: string): string {
  return printable(text).replace(
    /[\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    spelled,
  );
}

function spelled(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
