export { feedCommand, planShards, type ShardedRun, type ShardPlan, startShards } from "./run.js";
