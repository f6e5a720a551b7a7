/** Texts kept for reuse; two whose bytes hash alike take turns. */
const kept = 2 ** 14;
/** Longer ones seldom come again. */
const longest = 200;

/** Turns bytes into text. What comes again, as addresses and names do, is the same string again, without being decoded again. */
export class Texts {
  private readonly known: string[] = new Array<string>(kept).fill("");

  read(bytes: Buffer, start: number, end: number): string {
    if (end - start > longest) return bytes.toString("utf8", start, end);
    let hash = end - start;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (kept - 1);
    const known = this.known[slot] as string;
    if (isSame(known, bytes, start, end)) return known;
    const text = bytes.toString("utf8", start, end);
    this.known[slot] = text;
    return text;
  }
}

/** Never true of what isn't ASCII: there, a text is shorter than its bytes. */
function isSame(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}
