/** Text off the wire must not steer a terminal or turn the line around: such characters are spelled out. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** How many rows and columns, in words. */
export function extent(shown: number, total: number, columns: number): string {
  const rows = `${grouped(total)} ${total === 1 ? "row" : "rows"}`;
  const size = `${rows} × ${columns} ${columns === 1 ? "column" : "columns"}`;
  return shown < total ? `${grouped(shown)} of ${size}` : size;
}

/** `1,234,567` */
export function grouped(value: number | bigint): string {
  return value.toLocaleString("en-US");
}
