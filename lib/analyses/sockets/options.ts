import { z } from "zod";
import { SkbookError } from "../../errors/index.js";
import { badParameters } from "../../parameters/index.js";
import type { Table } from "../../tables/index.js";
import { Bandwidth } from "./bandwidth.js";

/** Which samples an analysis of sockets looks at. */
export interface SocketFilter {
  /** Connections as the column `flow` has them; several are alternatives. Default: all. */
  flow?: string | string[];
  /** From when: seconds since the first sample, or a time of ISO 8601 with its zone. Default: the first sample. */
  from?: number | string;
  /** Until when, inclusive; as `from`. Default: the last sample. */
  to?: number | string;
}

/** With what the path can carry, which nobody guesses. */
export interface BandwidthOptions extends SocketFilter {
  /** What the path can carry at most, with its unit: `"25 Gbit/s"`, `"100 Mbps"`. Without it, what needs it is null. */
  bandwidth?: string | null;
}

const moment = z.union([z.number(), z.iso.datetime({ offset: true })]);
const flow = z.string().min(1);
const shape = {
  flow: z.union([flow, z.array(flow).nonempty()]).optional(),
  from: moment.optional(),
  to: moment.optional(),
};
const Filter = z.strictObject(shape);
const WithBandwidth = z.strictObject({ ...shape, bandwidth: Bandwidth.nullish() });

export type CheckedFilter = z.output<typeof Filter>;

export function checkedFilter(caller: string, options: SocketFilter): CheckedFilter {
  const parsed = Filter.safeParse(options);
  if (!parsed.success) throw badParameters(caller, parsed.error);
  return parsed.data;
}

/** The same with the bandwidth in bits per second, or null. */
export function checkedBandwidth(
  caller: string,
  options: BandwidthOptions,
): { filter: CheckedFilter; bandwidth: number | null } {
  const parsed = WithBandwidth.safeParse(options);
  if (!parsed.success) throw badParameters(caller, parsed.error);
  const { bandwidth = null, ...filter } = parsed.data;
  return { filter, bandwidth };
}

/** Fails on what is no Table of samples. */
export function checkSamples(caller: string, samples: unknown, name = "samples"): void {
  const columns = (samples as Table | undefined)?.columns;
  const needed = ["sample", "time_ns", "flow", "socket", "busy_us", "cwnd_packets"];
  if (Array.isArray(columns) && needed.every((column) => columns.includes(column))) return;
  const isPromise = typeof (samples as { then?: unknown } | null | undefined)?.then === "function";
  throw new SkbookError({
    code: "BAD_PARAMETER",
    tried: `read the parameters of ${caller}; nothing was run`,
    failed: `${name} ${isPromise ? "is a promise: await it" : "is no Table of socket samples"}`,
    todo: "give what this returns: await socketSamples(host, { dst: ... }), or await openSocketSamples(path)",
  });
}
