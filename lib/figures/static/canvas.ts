import { crc32, deflateSync } from "node:zlib";
import type { DOMWindow } from "jsdom";

/** `rgba(r,g,b,a)`, as plotly.js writes every colour; undefined for another notation. */
function bytesOf(colour: string): [number, number, number, number] | undefined {
  const parts = /^rgba?\(([\d.,\s]+)\)$/.exec(colour)?.[1]?.split(",").map(Number);
  if (parts === undefined || parts.length < 3) return undefined;
  const [red = 0, green = 0, blue = 0, opacity = 1] = parts;
  return [red, green, blue, Math.round(opacity * 255)];
}

/** What a heatmap asks of a canvas, and nothing else: rectangles of a colour, and pixels that are put there. */
class Context {
  fillStyle = "rgba(0,0,0,1)";
  private pixels: Buffer | undefined;

  constructor(readonly canvas: HTMLCanvasElement) {}

  fillRect(x: number, y: number, width: number, height: number): void {
    const colour = bytesOf(this.fillStyle);
    if (colour === undefined) throw new Error(`a canvas here has no colour ${this.fillStyle}`);
    if (colour[3] === 0) return;
    const { canvas } = this;
    const pixels = this.all();
    const [left, right] = [Math.max(0, Math.round(x)), Math.min(canvas.width, Math.round(x + width))];
    const [top, bottom] = [Math.max(0, Math.round(y)), Math.min(canvas.height, Math.round(y + height))];
    if (right <= left) return;
    const row = Buffer.concat(Array(right - left).fill(Buffer.from(colour)));
    for (let line = top; line < bottom; line++) row.copy(pixels, 4 * (line * canvas.width + left));
  }

  createImageData(width: number, height: number): ImageData {
    return { width, height, data: new Uint8ClampedArray(4 * width * height) } as ImageData;
  }

  putImageData({ width, height, data }: ImageData, x: number, y: number): void {
    const source = Buffer.from(data.buffer);
    for (let line = 0; line < height; line++) {
      source.copy(
        this.all(),
        4 * ((y + line) * this.canvas.width + x),
        4 * line * width,
        4 * (line + 1) * width,
      );
    }
  }

  png(): string {
    const { width, height } = this.canvas;
    const pixels = this.all();
    // Each line of a PNG opens with its filter: none.
    const lines = Buffer.alloc(height * (4 * width + 1));
    for (let y = 0; y < height; y++) {
      pixels.copy(lines, y * (4 * width + 1) + 1, 4 * y * width, 4 * (y + 1) * width);
    }
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header.set([8, 6, 0, 0, 0], 8);
    const parts = [chunk("IHDR", header), chunk("IDAT", deflateSync(lines, { level: 9 })), chunk("IEND")];
    return `data:image/png;base64,${Buffer.concat([signature, ...parts]).toString("base64")}`;
  }

  private all(): Buffer {
    this.pixels ??= Buffer.alloc(4 * this.canvas.width * this.canvas.height);
    return this.pixels;
  }
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, check]);
}

/** Gives the canvases of a window enough to draw heatmaps on. */
export function teachCanvas(window: DOMWindow): void {
  const contexts = new WeakMap<HTMLCanvasElement, Context>();
  const { prototype } = window.HTMLCanvasElement;
  prototype.getContext = function getContext(this: HTMLCanvasElement, kind: string) {
    if (kind !== "2d") return null;
    const context = contexts.get(this) ?? new Context(this);
    contexts.set(this, context);
    return context as never;
  } as never;
  prototype.toDataURL = function toDataURL(this: HTMLCanvasElement) {
    return contexts.get(this)?.png() ?? "data:,";
  };
}
