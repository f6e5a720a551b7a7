import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useBrowser } from "../fixtures/browser.js";
import { useJupyter } from "../fixtures/jupyter.js";
import { type JupyterLab, startJupyterLab } from "../fixtures/jupyterlab.js";
import { describeLive } from "../fixtures/needs.js";
import { eventually, processesWith } from "../fixtures/processes.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import { useFolder, writeNotebook } from "../kernel/fixtures.js";
import { NotebookPage } from "./notebook-page.js";

describeLive(
  "the stop button of JupyterLab",
  ["python", "chromium", "root", "bpftrace", "sshd", "tracing"],
  () => {
    const jupyter = useJupyter();
    const browser = useBrowser();
    const folder = useFolder();
    // A filter that no other test uses, so that its bpftrace can be told from others.
    const port = 40_000 + (process.pid % 20_000);
    const running = () => processesWith(`$dport == ${port}`, "bpftrace ");

    let sshd: Sshd;
    let jupyterLab: JupyterLab;
    let notebook: NotebookPage;
    beforeAll(async () => {
      sshd = await startSshd();
      writeNotebook(join(folder.path, "stop.ipynb"), [
        `import { connect, dropEvents } from "skbook";
const host = await connect(${JSON.stringify(sshd.destination)}, ${JSON.stringify(sshd.options)});`,
        `await dropEvents(host, { seconds: 60, dstPort: ${port} })`,
        "(await host.exec(['echo', 'still here'])).stdout.toString()",
      ]);
      jupyterLab = await startJupyterLab(jupyter, folder.path);
      notebook = await NotebookPage.open(await browser.newPage(), jupyterLab, "stop.ipynb");
    });
    afterAll(async () => {
      await jupyterLab?.stop();
      sshd?.stop();
    });

    test("ends a probe of 60 s; when the cell is done, its bpftrace is gone", async () => {
      await notebook.run(0);
      await notebook.prompt(0, "[1]:");
      await notebook.run(1);
      expect(await eventually(30, () => running().length > 0)).toBe(true);
      const [pid] = running();
      await notebook.page.locator("[data-command='notebook:interrupt-kernel']").click();
      await notebook.prompt(1, "[2]:");
      expect(running()).toEqual([]);
      expect(() => process.kill(Number(pid), 0)).toThrow("ESRCH");
      expect(await notebook.outputsOf(1).allTextContents()).toEqual([expect.stringContaining("Interrupted")]);
    });

    test("leaves the kernel and its connection as they were", async () => {
      await notebook.run(2);
      await notebook.prompt(2, "[3]:");
      expect(await notebook.outputsOf(2).textContent()).toContain("still here");
    });
  },
);
