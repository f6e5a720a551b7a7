import { openSync, readFileSync, writeFileSync } from "node:fs";
import { feedShard } from "./feed.js";
import { planShards } from "./plan.js";

// A process of its own, so that reading a capture of many gigabytes neither blocks the notebook nor outlives its lease:
//   plan CAPTURE PACKETS SHARDS PLAN   writes the shard of each packet to PLAN, one byte each, and says the shards' sizes
//   feed CAPTURE PLAN SHARD            writes a shard to stdout
const [task, capture = "", ...args] = process.argv.slice(2);
const file = openSync(capture, "r");
if (task === "plan") {
  const [packets = "", shards = "", target = ""] = args;
  const plan = planShards(file, Number(packets), Number(shards));
  if ("unsplittable" in plan) {
    console.log(JSON.stringify(plan));
  } else {
    writeFileSync(target, plan.shard, { flag: "wx", mode: 0o600 });
    console.log(JSON.stringify({ packets: plan.packets }));
  }
} else {
  const [plan = "", shard = ""] = args;
  try {
    feedShard(file, 1, readFileSync(plan), Number(shard));
  } catch (error) {
    // tshark has ended, and says why itself.
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  }
}
