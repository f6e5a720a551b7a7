import { randomNumbers } from "../fixtures/random.js";
import { endingNames } from "./kills/endings.js";
import { footprint } from "./kills/footprint.js";
import { type Killed, kill } from "./kills/kill.js";
import { randomMoment } from "./kills/moment.js";
import { victimNames } from "./kills/victims.js";
import { startLab } from "./lab.js";

// `npm run lab:kill [RUNS] [SEED]`: measurements on a lab host, cut off at random moments in every way; one tab-separated line for each.
const [runs = 24, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
if (!Number.isSafeInteger(runs) || !Number.isSafeInteger(seed) || runs < 1) {
  console.error("usage: npm run lab:kill [RUNS] [SEED]");
  process.exit(2);
}
console.log(`seed ${seed}`);
console.log(["run", "victim", "ending", "from", "after ms", "stage", "gone after s", "left"].join("\t"));
const random = randomNumbers(seed);
const all: Killed[] = [];
let runsWanted = runs;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    console.log("ends after this run");
    runsWanted = 0;
  });
}
const lab = await startLab("6.1");
try {
  const before = await footprint(lab.host);
  for (let run = 0; run < runsWanted; run += 1) {
    // Every ending meets every victim: there are six of the one and four of the other.
    const victim = victimNames[Math.floor(run / endingNames.length) % victimNames.length];
    const ending = endingNames[run % endingNames.length];
    if (victim === undefined || ending === undefined) throw new Error("there is nothing to cut off");
    const moment = randomMoment(random, victim, ending);
    const killed = await kill(lab, victim, ending, moment, before);
    all.push(killed);
    const { stage, seconds, left } = killed;
    const { from, afterMs } = moment;
    console.log(
      [run + 1, victim, ending, from, afterMs, stage, seconds.toFixed(1), left.join(", ")].join("\t"),
    );
  }
} finally {
  await lab.stop();
}
console.log(["ending", "runs", "with programs", "slowest s", "left something"].join("\t"));
for (const ending of endingNames) {
  const of = all.filter((one) => one.ending === ending);
  const programs = of.filter(({ stage }) => stage === "programs").length;
  const slowest = Math.max(0, ...of.map(({ seconds }) => seconds));
  const failed = of.filter(({ left }) => left.length > 0).length;
  console.log([ending, of.length, programs, slowest.toFixed(1), failed].join("\t"));
}
process.exitCode = all.some(({ left }) => left.length > 0) ? 1 : 0;
