import type { FigureSpec, Trace } from "./spec.js";
import { plainText } from "./text.js";

type Titled = { title?: { text?: string; subtitle?: { text?: string } } };

function pointsOf(trace: Trace): number {
  const values = [trace.x, trace.y, trace.values].filter(Array.isArray);
  return Math.max(0, ...values.map((list) => list.length));
}

/** The traces that a reader is told of: not those that only write text beside others. */
function namedTraces(data: Trace[]): Trace[] {
  return data.filter((trace) => trace.showlegend !== false);
}

/** One sentence for those who do not see the picture. */
export function altText({ data, layout }: FigureSpec): string {
  const { title } = layout as Titled;
  const text = plainText(title?.text) || "Figure";
  const subtitle = plainText(title?.subtitle?.text);
  return `${text}${subtitle === "" ? "" : `. ${subtitle}`} (${namedTraces(data).length} series)`;
}

/** The name of annotations that only write what a mark is: too many for words. */
export const mark = "mark";

/** The figure in words, for consoles and logs: title, subtitle, axes, notes, one line for each series. */
export function summarize({ data, layout }: FigureSpec): string {
  const { title, xaxis, yaxis } = layout as Titled & { xaxis?: Titled; yaxis?: Titled };
  const annotations: { text?: string }[] = Array.isArray(layout.annotations)
    ? layout.annotations.filter(({ name }: { name?: string }) => name !== mark)
    : [];
  const axes = [xaxis, yaxis].map((axis, i) => {
    const text = plainText(axis?.title?.text);
    return text === "" ? "" : `${"xy"[i]}: ${text}`;
  });
  const series = namedTraces(data).map((trace) => {
    const name = plainText(trace.name) || "(no name)";
    return `  ${name}: ${trace.type ?? "scatter"}, ${pointsOf(trace)} points`;
  });
  return [
    `Figure: ${plainText(title?.text) || "(no title)"}`,
    plainText(title?.subtitle?.text),
    ...axes,
    ...annotations.map((annotation) => plainText(annotation.text)),
    ...series,
  ]
    .filter((line) => line !== "")
    .join("\n");
}
