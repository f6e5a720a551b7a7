import { z } from "zod";
import type { ExecEnd } from "./host.js";

/** Whether a process group was seen to be gone, as a case has it. */
export const detached = z.enum(["proved", "unknown", "alive"]);

/** The end of a command, as a case has it. */
export const execEnd: z.ZodType<ExecEnd> = z.looseObject({
  host: z.string(),
  command: z.array(z.string()),
  stderr: z.string(),
  exitCode: z.number().nullable(),
  timedOut: z.boolean(),
  canceled: z.boolean(),
  leaseExpired: z.boolean(),
  connectionLost: z.boolean(),
  durationMs: z.number(),
  detached,
  // Cases from before there was a group have none.
  group: z.number().nullable().default(null),
});
