import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../kernel/package.js";
import { stale } from "./generate.js";

// `npm run docs [-- --check]`: writes what is generated, or says what is not current.
const files = await stale();
if (process.argv.includes("--check")) {
  for (const path of files.keys()) console.error(`not current: ${path}; npm run docs writes it`);
  process.exitCode = files.size === 0 ? 0 : 1;
} else {
  for (const [path, text] of files) {
    const target = join(packageRoot, path);
    if (text === null) rmSync(target);
    else {
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
    console.log(`${text === null ? "removed" : "wrote"} ${path}`);
  }
}
