export { defineStages, type StagesDefinition, type StagesWriting } from "./stages.js";
