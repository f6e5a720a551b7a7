// Bundles what runs in a browser: the script of tables, and what of JupyterLab's extension lets them ask the kernel.
import { mkdir, writeFile } from "node:fs/promises";
import { rolldown } from "rolldown";

/** Pages carry the script on its own. */
const banner = "/*! contains TanStack Table, MIT License, Copyright (c) 2016 Tanner Linsley */";

/** Resolves to the chunks that were written. */
export async function bundleBrowser() {
  const tables = await bundled("lib/tables/view/tables.ts", banner);
  const extension = await bundled("kernel/labextension/tables/extension.ts");
  await mkdir("dist/browser", { recursive: true });
  await writeFile("dist/browser/tables.js", tables.code);
  await writeFile("dist/browser/tables-in-jupyterlab.js", `${extension.code}\n${tables.code}`);
  return [tables, extension];
}

async function bundled(input, banner) {
  const bundle = await rolldown({
    input,
    platform: "browser",
    tsconfig: "tsconfig.browser.json",
    resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
    transform: { target: "es2022" },
  });
  const { output } = await bundle.generate({ format: "iife", minify: true, banner });
  await bundle.close();
  return output[0];
}
