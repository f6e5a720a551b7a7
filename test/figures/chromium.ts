import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

const program = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

/** Whether pages can be looked at; a test that needs it says loudly that it was left out. */
export const chromium = program !== undefined;
if (!chromium) console.warn("LEFT OUT: no Chromium here, so no figure was drawn in a real page");

const quiet = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The DOM that a page has when its scripts have come to rest, without any network. */
export async function domOf(html: string, flags: string[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "skbook-page-"));
  try {
    const page = join(folder, "page.html");
    await writeFile(page, html);
    const { stdout } = await execa(program ?? "", [
      ...quiet,
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
