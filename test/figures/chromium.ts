import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { chromiumProgram, quietFlags } from "../fixtures/chromium.js";

/** Whether pages can be looked at; a test that needs it says loudly that it was left out. */
export const chromium = chromiumProgram !== undefined;
if (!chromium) console.warn("LEFT OUT: no Chromium here, so no figure was drawn in a real page");

/** The DOM that a page has when its scripts have come to rest, without any network. */
export async function domOf(html: string, flags: string[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "skbook-page-"));
  try {
    const page = join(folder, "page.html");
    await writeFile(page, html);
    const { stdout } = await execa(chromiumProgram ?? "", [
      ...quietFlags,
      "--host-resolver-rules=MAP * ~NOTFOUND",
      `--user-data-dir=${join(folder, "profile")}`,
      "--virtual-time-budget=60000",
      ...flags,
      "--dump-dom",
      `file://${page}`,
    ]);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
