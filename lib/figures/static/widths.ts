/**
 * Advance widths of the printable ASCII characters in 1/1000 of the font size, for Arial and for the fonts made to
 * share its metrics (Liberation Sans, Helvetica). Figures ask for these fonts, so text can be measured without them.
 */
const regular = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
  556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
  500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
  556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
  278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/** Bold letters are wider by at most this factor, on average over English text by a little less. */
const boldFactor = 1.08;

/** What the fonts take above and below the baseline, in font sizes. */
export const ascent = 0.905;
export const descent = 0.212;

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 32) return 0;
  if (code < 127) return regular[code - 32] ?? 556;
  if (code < 0x250 || character === "·" || character === "−") return 584;
  return 1000;
}

/** Width in pixels of one line of text at a font size in pixels. */
export function textWidth(text: string, fontSize: number, bold = false): number {
  let thousandths = 0;
  for (const character of text) thousandths += characterWidth(character);
  return (thousandths / 1000) * fontSize * (bold ? boldFactor : 1);
}
