import type { Locator, Page } from "playwright-core";
import type { JupyterLab } from "../fixtures/jupyterlab.js";

/** A notebook in JupyterLab, used as a person does. */
export class NotebookPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens a notebook and waits until its kernel is there. */
  static async open(page: Page, jupyterLab: JupyterLab, name: string): Promise<NotebookPage> {
    await page.goto(`${jupyterLab.url}lab/tree/${name}?token=${jupyterLab.token}`);
    const notebook = new NotebookPage(page);
    await notebook.kernelIsReady();
    return notebook;
  }

  async kernelIsReady(): Promise<void> {
    await this.page.getByText("skbook (TypeScript) | Idle").waitFor();
  }

  async menu(...[menu, item]: [menu: string, item: string]): Promise<void> {
    await this.page.getByRole("menuitem", { name: menu, exact: true }).click();
    await this.page.locator(".lm-Menu").getByText(item, { exact: true }).click();
  }

  async theme(name: string): Promise<void> {
    await this.page.getByRole("menuitem", { name: "Settings", exact: true }).click();
    await this.page.locator(".lm-Menu").getByText("Theme", { exact: true }).hover();
    await this.page.locator(".lm-Menu").getByText(name, { exact: true }).click();
  }

  /** Runs all cells and waits until none is waiting or running. */
  async runAll(): Promise<void> {
    await this.menu("Run", "Run All Cells");
    await this.page.waitForFunction(() => {
      const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
      return prompts.every((prompt) => /\[\d+\]/.test(prompt.textContent ?? ""));
    });
  }

  /** Runs one code cell, counted from 0, as Ctrl-Enter in it does. */
  async run(index: number): Promise<void> {
    await this.codeCells.nth(index).locator(".cm-content").click();
    await this.page.keyboard.press("Control+Enter");
  }

  /** Waits until such a text stands before a code cell. */
  async prompt(index: number, text: string): Promise<void> {
    await this.codeCells.nth(index).locator(".jp-InputPrompt").getByText(text, { exact: true }).waitFor();
  }

  outputsOf(index: number): Locator {
    return this.codeCells.nth(index).locator(".jp-OutputArea-output");
  }

  get codeCells(): Locator {
    return this.page.locator(".jp-CodeCell");
  }

  /** What stands before the code cells: `[1]:`, or `[*]:` while one waits or runs. */
  prompts(): Promise<string[]> {
    return this.codeCells.locator(".jp-InputPrompt").allTextContents();
  }

  /** Types code into the last cell, in place of what is there, and leaves the cursor behind it. */
  async type(code: string): Promise<void> {
    await this.codeCells.last().locator(".cm-content").click();
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.insertText(code);
  }

  /** Presses a key until something shows: JupyterLab drops answers of a kernel that take longer than a second. */
  async pressUntil(key: string, shown: Locator): Promise<void> {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await this.page.keyboard.press(key);
      if (await appears(shown, 2_000)) return;
    }
    throw new Error(`${key} showed nothing`);
  }

  async save(): Promise<void> {
    await this.menu("File", "Save Notebook");
    await this.page.locator(".lm-TabBar-tab.jp-mod-current:not(.jp-mod-dirty)").waitFor();
  }
}

function appears(locator: Locator, timeout: number): Promise<boolean> {
  return locator.waitFor({ timeout }).then(
    () => true,
    () => false,
  );
}
