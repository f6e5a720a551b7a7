import type { Scene } from "./scene.js";
import { faults } from "./scenes/faults.js";
import { healthy } from "./scenes/healthy.js";
import { switchFaults } from "./scenes/switch.js";

export { compareRules } from "./compare.js";
export { expectedOn, type Scene } from "./scene.js";

/** Rules of classifyDrops, and of dropReport, that no kernel of the lab can show, and why. */
export const notInTheLab: Readonly<Record<string, string>> = {
  DROPS_TCP_OPEN: "kernels before 6.14 consume the SYN that a full listening socket drops",
  CONTROL_FRAME: "kernels before 6.13 have no such reasons",
};

/** Scenes of one round are held against one report, and told apart by their machines: what is wrong, and what is healthy. */
export const rounds: readonly (readonly Scene[])[] = [[...faults, ...switchFaults], healthy];

export const scenes: readonly Scene[] = rounds.flat();
