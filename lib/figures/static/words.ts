import { escapeHtml, xmlText } from "../../html/index.js";
import type { Layout } from "../spec.js";
import { defaultSize, fontFamily } from "../style.js";
import { textWidth } from "./widths.js";

const fontSize = 13;
const padding = 24;

function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (textWidth(longer, fontSize) <= width || lines.at(-1) === "") lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A picture of text, for a figure that cannot be drawn here. */
export function wordsPicture(paragraphs: string[], layout: Layout): string {
  const { width = defaultSize.width } = layout;
  const lines = paragraphs.flatMap((text) => wrapped(text, width - 2 * padding));
  const height = 2 * padding + lines.length * fontSize * 1.5;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" fill="#FFFFFF" stroke="#9A9A9A"/>`,
    ...lines.map((line, i) => {
      const y = padding + (i + 1) * fontSize * 1.5 - fontSize / 2;
      return `<text x="${padding}" y="${y}" font-family="${fontFamily}" font-size="${fontSize}" fill="#222222">${escapeHtml(xmlText(line))}</text>`;
    }),
    "</svg>",
  ].join("");
}
