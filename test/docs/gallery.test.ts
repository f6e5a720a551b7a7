import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { entries, galleryFile, galleryPage, pictureOf } from "../../docs/generator/gallery/index.js";

test("the gallery is what npm run gallery makes of the notebooks", async () => {
  expect(readFileSync(galleryFile, "utf8")).toBe(await galleryPage());
  for (const entry of entries) expect(existsSync(pictureOf(entry)), entry.name).toBe(true);
});
