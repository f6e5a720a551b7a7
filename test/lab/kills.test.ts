import { expect, test } from "vitest";
import { describeLive } from "../fixtures/needs.js";
import { randomNumbers } from "../fixtures/random.js";
import { endingNames } from "./kills/endings.js";
import { footprint } from "./kills/footprint.js";
import { kill } from "./kills/kill.js";
import { randomMoment } from "./kills/moment.js";
import { victimNames } from "./kills/victims.js";
import { sharedLab } from "./shared.js";

describeLive("a measurement that is cut off leaves nothing on its host", ["root", "lab", "debian"], () => {
  const lab = sharedLab("6.1");
  const seed = Date.now() % 1_000_000;
  const random = randomNumbers(seed);

  // Each way meets another measurement in each run; `npm run lab:kill` is the one that meets all.
  test.each(endingNames.map((ending, index) => [ending, index] as const))(
    "%s",
    { timeout: 600_000 },
    async (ending, index) => {
      const victim = victimNames[(seed + index) % victimNames.length] as (typeof victimNames)[number];
      const before = await footprint(lab().host);
      const moment = randomMoment(random, victim, ending);
      const { left } = await kill(lab(), victim, ending, moment, before);
      expect({ seed, victim, moment, left }).toEqual({ seed, victim, moment, left: [] });
    },
  );
});
