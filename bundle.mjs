// Bundles what runs in a browser: one file per entry, with everything it needs.
import { rolldown } from "rolldown";

const entries = {
  "dist/browser/tables.js": "lib/tables/view/tables.ts",
};

for (const [file, input] of Object.entries(entries)) {
  const bundle = await rolldown({
    input,
    platform: "browser",
    tsconfig: "tsconfig.browser.json",
    resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
    transform: { target: "es2022" },
  });
  await bundle.write({ file, format: "iife", minify: true });
  await bundle.close();
}
