import * as analyses from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { sql } from "../../lib/tables/index.js";

// A process of its own, as a later session is: `node analysis-program.js CAPTURE ANALYSIS` prints the seconds of one analysis of a
// capture whose packet Table is kept.
const [file = "", name = ""] = process.argv.slice(2);
const analysis = new Map(Object.entries(analyses)).get(name) as typeof analyses.flows;

async function main(): Promise<void> {
  // danfojs is loaded with the first Frame of a session, whatever makes it.
  await sql("SELECT 1 AS one", {});
  const start = performance.now();
  await analysis(await openCapture(file));
  console.log((performance.now() - start) / 1000);
}

void main();
