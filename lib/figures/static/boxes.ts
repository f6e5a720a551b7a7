import { ascent, descent, textWidth } from "./widths.js";

/** A rectangle in pixels. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const identity: Matrix = [1, 0, 0, 1, 0, 0];
const empty: Box = { left: 0, top: 0, right: 0, bottom: 0 };

function multiply(m: Matrix, n: Matrix): Matrix {
  return [
    m[0] * n[0] + m[2] * n[1],
    m[1] * n[0] + m[3] * n[1],
    m[0] * n[2] + m[2] * n[3],
    m[1] * n[2] + m[3] * n[3],
    m[0] * n[4] + m[2] * n[5] + m[4],
    m[1] * n[4] + m[3] * n[5] + m[5],
  ];
}

/** The transforms that plotly writes: translate, scale, and rotate with or without a centre. */
function matrixOf(element: Element): Matrix {
  let matrix = identity;
  for (const [, name, list] of (element.getAttribute("transform") ?? "").matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [x = 0, y, z] = (list ?? "").split(/[\s,]+/).map(Number);
    if (name === "translate") matrix = multiply(matrix, [1, 0, 0, 1, x, y ?? 0]);
    if (name === "scale") matrix = multiply(matrix, [x, 0, 0, y ?? x, 0, 0]);
    if (name === "rotate") {
      const [sin, cos] = [Math.sin((x * Math.PI) / 180), Math.cos((x * Math.PI) / 180)];
      matrix = multiply(matrix, [1, 0, 0, 1, y ?? 0, z ?? 0]);
      matrix = multiply(matrix, [cos, sin, -sin, cos, 0, 0]);
      matrix = multiply(matrix, [1, 0, 0, 1, -(y ?? 0), -(z ?? 0)]);
    }
  }
  return matrix;
}

function transformed(box: Box, [a, b, c, d, e, f]: Matrix): Box {
  const corners = [box.left, box.right].flatMap((x) =>
    [box.top, box.bottom].map((y) => [a * x + c * y + e, b * x + d * y + f] as const),
  );
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

function union(boxes: Box[]): Box | undefined {
  if (boxes.length === 0) return undefined;
  return {
    left: Math.min(...boxes.map((box) => box.left)),
    top: Math.min(...boxes.map((box) => box.top)),
    right: Math.max(...boxes.map((box) => box.right)),
    bottom: Math.max(...boxes.map((box) => box.bottom)),
  };
}

/** The value of a style property that SVG text inherits. */
function inherited(element: Element, property: "fontSize" | "fontWeight" | "textAnchor"): string {
  for (let at: Element | null = element; at !== null; at = at.parentElement) {
    const style = (at as SVGElement).style?.[property];
    if (style) return style;
    if (property === "textAnchor" && at.hasAttribute("text-anchor"))
      return at.getAttribute("text-anchor") ?? "";
  }
  return "";
}

function fontSizeOf(element: Element): number {
  return Number.parseFloat(inherited(element, "fontSize")) || 12;
}

/** Width in pixels of the text in an element; its tspans may each have a size and weight of their own. */
export function textLength(element: Element): number {
  let width = 0;
  for (const node of element.childNodes) {
    if (node.nodeType === 1) width += textLength(node as Element);
    if (node.nodeType !== 3) continue;
    const weight = inherited(element, "fontWeight");
    width += textWidth(node.nodeValue ?? "", fontSizeOf(element), weight === "bold" || Number(weight) >= 600);
  }
  return width;
}

function lineBox(line: Element, text: Element): Box {
  const size = fontSizeOf(line);
  const width = textLength(line);
  const at = (name: string) => Number(line.getAttribute(name) ?? text.getAttribute(name) ?? 0);
  const anchor = inherited(text, "textAnchor");
  const left = at("x") - (anchor === "end" ? width : anchor === "middle" ? width / 2 : 0);
  const baseline = at("y") + Number.parseFloat(line.getAttribute("dy") ?? "0") * size;
  return { left, top: baseline - ascent * size, right: left + width, bottom: baseline + descent * size };
}

/** The box of an element in its own coordinates; undefined where nothing in it can be measured. */
function ownBox(element: Element): Box | undefined {
  if (element.localName === "text") {
    const lines = [...element.querySelectorAll("tspan.line")];
    return union((lines.length > 0 ? lines : [element]).map((line) => lineBox(line, element)));
  }
  if (element.localName === "rect") {
    const [left = 0, top = 0, width = 0, height = 0] = ["x", "y", "width", "height"].map((name) =>
      Number(element.getAttribute(name) ?? 0),
    );
    return { left, top, right: left + width, bottom: top + height };
  }
  if (element.localName !== "g" && element.localName !== "svg") return undefined;
  const parts = [...element.children].map((child) => {
    const box = ownBox(child);
    return box && transformed(box, matrixOf(child));
  });
  return union(parts.filter((box) => box !== undefined));
}

/** What `getBBox` answers: the box before the element's own transform. Lines and curves are not measured. */
export function boundingBox(element: Element): Box {
  return ownBox(element) ?? empty;
}

/** What `getBoundingClientRect` answers for SVG: the box after the transforms of the element and all around it. */
export function clientBox(element: Element): Box {
  let box = boundingBox(element);
  for (let at: Element | null = element; at !== null; at = at.parentElement)
    box = transformed(box, matrixOf(at));
  return box;
}
