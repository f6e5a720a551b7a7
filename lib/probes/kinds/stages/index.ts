export { type ComesAgain, Following, type Numbers, numberOf, type Taking, type Ways } from "./following.js";
export { definePairs, type PairsDefinition, type PairsWriting } from "./pairs.js";
export { defineStages, type StagesDefinition, type StagesWriting } from "./stages.js";
