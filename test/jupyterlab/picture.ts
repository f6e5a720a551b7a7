import type { Locator } from "playwright-core";

/**
 * The colours that fill at least so many pixels of what an element shows, greys left out: text, lines and background are grey,
 * what is measured is not. Close shades count as one.
 */
export async function coloursOf(element: Locator, pixels = 60): Promise<string[]> {
  await element.scrollIntoViewIfNeeded();
  const png = (await element.screenshot()).toString("base64");
  return element.page().evaluate(
    async ([data, least]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = document.createElement("canvas");
      Object.assign(canvas, { width: image.width, height: image.height });
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      context.drawImage(image, 0, 0);
      const { data: rgba } = context.getImageData(0, 0, image.width, image.height);
      const counts = new Map<string, number>();
      for (let at = 0; at < rgba.length; at += 4) {
        const colour = [...rgba.subarray(at, at + 3)];
        if (Math.max(...colour) - Math.min(...colour) < 60) continue;
        const shade = colour.map((part) => part >> 5).join();
        counts.set(shade, (counts.get(shade) ?? 0) + 1);
      }
      return [...counts].filter(([, count]) => count >= least).map(([shade]) => shade);
    },
    [png, pixels] as const,
  );
}
