// Bundles what runs in a browser: the script of tables, and the extension by which JupyterLab lets them ask the kernel.
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { rolldown } from "rolldown";

const banner = "/*! contains TanStack Table, MIT License, Copyright (c) 2016 Tanner Linsley */";

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
  return output[0].code;
}

const tables = await bundled("lib/tables/view/tables.ts", banner);
await mkdir("dist/browser", { recursive: true });
await writeFile("dist/browser/tables.js", tables);
await copyFile("node_modules/@tanstack/table-core/LICENSE", "dist/browser/LICENSE.tanstack");

// JupyterLab's own builder is webpack with module federation; of that, an extension without packages of its own needs a container only.
const { version } = JSON.parse(await readFile("package.json", "utf8"));
const manifest = {
  name: "skbook",
  version,
  description: "Tables of skbook page through all rows that the kernel has",
  license: "Apache-2.0",
  jupyterlab: { extension: true, _build: { load: "remoteEntry.js", extension: "./extension" } },
};
await mkdir("dist/labextension", { recursive: true });
await writeFile("dist/labextension/package.json", `${JSON.stringify(manifest, null, 2)}\n`);
await writeFile(
  "dist/labextension/remoteEntry.js",
  `${await bundled("kernel/labextension/extension.ts")}\n${tables}`,
);
