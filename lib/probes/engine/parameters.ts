import { z } from "zod";
import { badParameters } from "../../parameters/index.js";

/** What every probe can be asked. */
export interface CommonParameters {
  /** How long to measure, in seconds: 0.5 to 3600; with `during`, at most. */
  seconds: number;
  /** Size of the buffer between kernel and bpftrace, in pages of 4 KiB per CPU; a power of two, default 512 (2 MiB). */
  bufferPages?: number;
  /** How long attaching and ending may take on top, in seconds: 1 to 300, default 30. After that the host ends the probe. */
  attachSeconds?: number;
  /**
   * For probes of events: how many rows a second the program may print, 4 to 10,000,000, default 20,000 (about a sixth of one CPU). A host that has more
   * packets or drops than that is refused (`TOO_BUSY`); what comes beyond it all the same is counted as lost.
   */
  maxEventsPerSecond?: number;
  /** Run a probe of events on a host that seems too busy for it; {@link CommonParameters.maxEventsPerSecond} holds all the same. Default false. */
  force?: boolean;
  /**
   * Called once the probe is attached: a capture of the same seconds, the traffic that is to be seen. The probe ends when it is over,
   * and the call when both are.
   */
  during?: () => unknown;
}

const Common = z.object({
  seconds: z.number().min(0.5).max(3_600),
  bufferPages: z
    .int()
    .min(1)
    .max(65_536)
    .refine((pages) => Number.isInteger(Math.log2(pages)), "has to be a power of two")
    .default(512),
  attachSeconds: z.number().min(1).max(300).default(30),
  maxEventsPerSecond: z.int().min(4).max(10_000_000).default(20_000),
  force: z.boolean().default(false),
  during: z.custom<() => unknown>((value) => typeof value === "function", "has to be a function").optional(),
});

export type ParsedCommon = z.output<typeof Common>;

/** Checks what a cell asked a probe for; what the probe doesn't know is an error, too. */
export function parseParameters<Schema extends z.ZodType>(
  probe: string,
  schema: Schema,
  asked: unknown,
): { common: ParsedCommon; own: z.output<Schema> } {
  const object = z.looseObject({}).safeParse(asked);
  if (!object.success) throw badParameters(probe, object.error);
  const { seconds, bufferPages, attachSeconds, maxEventsPerSecond, force, during, ...rest } = object.data;
  const common = Common.safeParse({ seconds, bufferPages, attachSeconds, maxEventsPerSecond, force, during });
  const own = schema.safeParse(rest);
  const issues = [...(common.error?.issues ?? []), ...(own.error?.issues ?? [])];
  if (!common.success || !own.success) throw badParameters(probe, new z.ZodError(issues));
  return { common: common.data, own: own.data };
}
