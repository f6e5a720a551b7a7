import pLimit from "p-limit";
import { randomNumbers } from "../fixtures/random.js";
import { boundSeconds, type Cut, cut, type EndingName, endingNames, tools } from "./cut.js";
import { victimNames } from "./victims.js";

// `npm run test:cuts [RUNS] [SEED] [AT ONCE]`: measurements over SSH on this machine, cut off at random moments in every way; one line for each,
// and a table of all.
const [runs = 1_000, seed = Date.now() % 1_000_000, atOnce = 4] = process.argv.slice(2).map(Number);
if (![runs, seed, atOnce].every(Number.isSafeInteger) || runs < 1 || atOnce < 1) {
  console.error("usage: npm run test:cuts [RUNS] [SEED] [AT ONCE]");
  process.exit(2);
}
/** From the first look at the host to the start of what measures, or from there over attaching into measuring. */
const longestMs = 4_000;

interface Result extends Cut {
  victim: string;
  ending: EndingName;
}

console.log(`seed ${seed}`);
console.log(
  ["run", "victim", "ending", "from", "after ms", "had processes", "gone after s", "left", "said"].join("\t"),
);
const random = randomNumbers(seed);
const limit = pLimit(atOnce);
const all: Result[] = [];
const failed: string[] = [];
/** Victims that this machine can't run, and what they lack. */
const leftOut = new Set<string>();
const cannot = ["HOOK_MISSING", "USERSPACE_DATAPATH", "BTF_MISSING", "FIELD_MISSING"];
let wanted = true;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    console.log("ends after these runs");
    wanted = false;
  });
}
const plans = Array.from({ length: runs }, (_, run) => ({
  run,
  // Every ending meets every victim.
  victim: victimNames[Math.floor(run / endingNames.length) % victimNames.length] as string,
  ending: endingNames[run % endingNames.length] as EndingName,
  from: random() < 0.3 ? ("connection" as const) : ("tool" as const),
  afterMs: Math.round(random() * longestMs),
}));
await Promise.all(
  plans.map((plan) =>
    limit(async () => {
      if (!wanted) return;
      const { run, victim, ending, ...moment } = plan;
      const what = `run ${run}: ${victim}, ${ending} ${moment.afterMs} ms after ${moment.from}`;
      try {
        const result = { victim, ending, ...(await cut(victim, ending, moment)) };
        all.push(result);
        const { had, seconds, left, said } = result;
        const cells = [
          victim,
          ending,
          moment.from,
          moment.afterMs,
          had.length,
          seconds.toFixed(1),
          left.join(", "),
          said,
        ];
        console.log([run, ...cells].join("\t"));
        if (result.left.length > 0)
          failed.push(`${what}: left after ${boundSeconds} s: ${result.left.join(", ")}`);
        if (moment.from === "tool" && !result.measured) {
          if (cannot.includes(result.said?.split(" ")[0] ?? "")) leftOut.add(`${victim}: ${result.said}`);
          else failed.push(`${what}: it never measured: ${result.said ?? "it said nothing"}`);
        }
        if (result.said?.startsWith("UNCODED")) failed.push(`${what}: ${result.said}`);
      } catch (error) {
        failed.push(`${what}: ${error}`);
      }
    }),
  ),
);
for (const line of failed) console.log(line);
for (const line of leftOut) console.log(`LEFT OUT: ${line}`);
console.log(["", "runs", "had programs there", "slowest s", "left something", "said"].join("\t"));
for (const ending of endingNames)
  report(
    ending,
    all.filter((one) => one.ending === ending),
  );
for (const victim of victimNames)
  report(
    victim,
    all.filter((one) => one.victim === victim),
  );
report("all", all);
process.exitCode = failed.length === 0 ? 0 : 1;

function report(name: string, of: readonly Result[]): void {
  const measuring = of.filter(({ had }) => had.some((program) => tools.includes(program)));
  const slowest = Math.max(0, ...of.map(({ seconds }) => seconds));
  const left = of.filter((one) => one.left.length > 0).length;
  const said = new Map<string, number>();
  for (const one of of) said.set(one.said ?? "nothing", (said.get(one.said ?? "nothing") ?? 0) + 1);
  const words = [...said].map(([word, count]) => `${word} ${count}`).join(", ");
  console.log([name, of.length, measuring.length, slowest.toFixed(1), left, words].join("\t"));
}
