import { z } from "zod";
import { deviceName } from "../../lib/hosts/index.js";
import { packetFilters } from "../../lib/probes/index.js";
import { middleStages } from "./stages.js";

const devices = z.union([deviceName.transform((one) => [one]), z.array(deviceName).min(1).max(8)]);
const side = z.union([z.literal("stack"), devices]);

const { device: _, ...filters } = packetFilters;
/** The same as of other probes, apart from the device: that is where packets come in and go out. */
export const stageFilters = filters;

export const stageParameters = {
  from: side.describe(
    "where packets come in: a device or up to 8, such as a machine's tap `vnet1`, or `stack`: what the host itself sends",
  ),
  to: side.describe(
    "where they go out: a device or up to 8, or `stack`: what the host itself takes, up to TCP, UDP or ICMP",
  ),
  stages: z
    .array(z.enum(middleStages))
    .optional()
    .describe(
      "stages between where packets come in and go out that are looked at; default all that the host has. Each costs every packet of the host that passes it",
    ),
  timeoutMs: z
    .int()
    .min(1)
    .max(60_000)
    .default(1_000)
    .describe(
      "what has not gone out after so many milliseconds is lost; what is younger at the end is unfinished",
    ),
  netns: z
    .int()
    .min(1)
    .optional()
    .describe("inode of the network namespace that both ends are in; default: the one that commands run in"),
};

/** Refuses what can't be followed: a device on both sides. */
export function checkStages(
  given: { from: "stack" | string[]; to: "stack" | string[] },
  context: z.RefinementCtx,
): void {
  const both =
    given.from === "stack"
      ? undefined
      : given.from.find((one) => given.to !== "stack" && given.to.includes(one));
  if (both !== undefined)
    context.addIssue({ code: "custom", path: ["to"], message: `${both} can't be on both sides` });
}

/** What is followed, as it was parsed. */
export type StageFilter = Omit<z.output<z.ZodObject<typeof stageParameters>>, "timeoutMs">;
