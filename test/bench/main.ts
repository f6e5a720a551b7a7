import { readdirSync } from "node:fs";
import type { Figure } from "./figure.js";

// `npm run bench [NAME]`: runs NAME.bench, or all of them, and prints one JSON line per figure.
const available = readdirSync(new URL(".", import.meta.url))
  .map((file) => /^(.+)\.bench\.js$/.exec(file)?.[1])
  .filter((name) => name !== undefined)
  .sort();
const [wanted] = process.argv.slice(2);
if (wanted !== undefined && !available.includes(wanted)) {
  console.error(`there is no bench '${wanted}'; there are: ${available.join(", ")}`);
  process.exit(2);
}
for (const name of wanted === undefined ? available : [wanted]) {
  const { default: bench } = (await import(`./${name}.bench.js`)) as { default: () => Promise<Figure[]> };
  for (const figure of await bench()) console.log(JSON.stringify(figure));
}
