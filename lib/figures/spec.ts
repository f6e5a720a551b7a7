import { reasonOf, SkbookError } from "../errors/index.js";
import { xmlText } from "../html/index.js";

/** A plotly.js trace: `type`, `x`, `y`, `name`, and what else the type knows (plotly.com/javascript/reference). */
export interface Trace {
  type?: string;
  name?: string;
  [attribute: string]: unknown;
}

/** A plotly.js layout: titles, axes, annotations, size in pixels. */
export interface Layout {
  /** Pixels; 840 unless told. */
  width?: number;
  /** Pixels; 420 unless told. */
  height?: number;
  [attribute: string]: unknown;
}

// plotly.js ships full types, 1.2 MB of them: every notebook would pay for reading them when its kernel starts.

/** What a plotly.js figure is made of. */
export interface FigureSpec {
  data: Trace[];
  layout: Layout;
}

/** Labels come of hosts and captures, and end in a picture that has to be XML. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "string") return xmlText(value);
  if (typeof value === "bigint") return Number(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array);
  return value;
}

/**
 * A copy of a figure as JSON, which later changes to the arrays given do not reach. BigInts become numbers.
 *
 * @throws SkbookError `BAD_FIGURE` where `data` is no array of traces, a size is no number of pixels, or JSON cannot hold it.
 */
export function plainSpec(spec: { data: Trace[]; layout?: Layout }): FigureSpec {
  const refuse = (failed: string, cause?: unknown) =>
    new SkbookError({
      code: "BAD_FIGURE",
      tried: "make a figure",
      failed,
      todo: 'give {data: [{type: "bar", x: [...], y: [...]}], layout: {...}} as plotly.js takes it',
      cause,
    });
  const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject(spec)) throw refuse("a figure is an object with data and layout");
  const { data, layout = {} } = spec;
  if (!Array.isArray(data) || !data.every(isObject)) throw refuse("data is not an array of traces");
  if (!isObject(layout)) throw refuse("layout is not an object");
  for (const side of ["width", "height"] as const) {
    const pixels = layout[side] ?? 1;
    if (!(typeof pixels === "number" && pixels > 0 && pixels <= 10_000)) {
      throw refuse(`layout.${side} is no number of pixels up to 10,000`);
    }
  }
  try {
    return JSON.parse(JSON.stringify({ data, layout }, plain)) as FigureSpec;
  } catch (error) {
    throw refuse(reasonOf(error), error);
  }
}
