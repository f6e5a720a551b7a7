import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { chromiumProgram, quietFlags } from "../fixtures/chromium.js";

/** One real browser for the tests of a file. */
export function useBrowser(): { newPage(): Promise<Page> } {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumProgram ?? "", args: quietFlags });
  });
  afterAll(() => browser?.close());
  return {
    async newPage() {
      if (browser === undefined) throw new Error("the browser is not up");
      // A context of its own: no page knows what another has stored.
      const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      return page;
    },
  };
}
