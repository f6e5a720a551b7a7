import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { packageRoot, program } from "../../../kernel/package.js";
import { entries, galleryFile, galleryPage, pictureIn, pictureOf } from "./index.js";

// `npm run gallery`: replays the notebooks, and writes the gallery with a picture of each.
const folder = mkdtempSync(join(tmpdir(), "skbook-gallery-"));
try {
  for (const entry of entries) {
    const output = join(folder, `${entry.name}.ipynb`);
    await execa(process.execPath, [program, "run", join(packageRoot, entry.notebook), "-o", output]);
    writeFileSync(join(packageRoot, pictureOf(entry)), pictureIn(output, entry.cell));
    console.log(`wrote ${pictureOf(entry)}`);
  }
  writeFileSync(join(packageRoot, galleryFile), await galleryPage());
  console.log(`wrote ${galleryFile}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
