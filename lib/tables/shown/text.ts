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
