import { z } from "zod";
import { SkbookError } from "../../errors/index.js";
import { namespaceName } from "../../hosts/index.js";
import type { RunOptions } from "./run-options.js";

/** What {@link capture} is asked for. */
export interface CaptureOptions {
  /** Network device on the host, or `any`; several at once need dumpcap there, and each packet's `interface` tells them apart. */
  device: string | string[];
  /** Network namespace on the host that the device is in, by the name that `ip netns` has for it. Default: the host's own. */
  netns?: string;
  /** Capture filter in tcpdump's syntax. Default: everything. */
  filter?: string;
  /** How long at most, in seconds; up to 2 s longer, until the last packets are there. Default 10. */
  seconds?: number;
  /** Ends it after so many packets. Default 1,000,000. */
  maxPackets?: number;
  /** Ends it when about so many bytes came. Default 256 MiB. */
  maxBytes?: number;
  /**
   * Keeps only about the last so many bytes (at least these, up to a quarter more; with tcpdump in steps of 4 MB), and brings them when
   * it ends: for waiting a long time for something. Until then nothing goes over the network. Default 64 MiB where `lastSeconds` is given, else all is kept.
   */
  lastBytes?: number;
  /** Keeps only about the last so many seconds of them, as far as they fit into `lastBytes`. Needs dumpcap on the host. */
  lastSeconds?: number;
  /** Bytes kept of each packet. Default 262,144: all. */
  snapLength?: number;
  /** Where to keep the file. Default: a temporary file that goes with the session. */
  saveAs?: string;
  /** Replace a file that is there. Default false. */
  overwrite?: boolean;
  /** Called once the capture listens, which ends when this is over: say, the traffic to be captured. Called in a replay too. */
  during?: () => unknown;
  /**
   * Asked once the capture listens and again a second after each answer, till it says yes (anything that is true), which ends the capture:
   * say, whether the fault has come. In a replay it is asked as often as it was.
   */
  until?: () => unknown;
}

const work = z.custom<() => unknown>((value) => typeof value === "function").optional();

const Options = z.strictObject({
  device: z.union([z.string().min(1), z.array(z.string().min(1)).nonempty()]),
  netns: namespaceName.optional(),
  filter: z.string().default(""),
  seconds: z.number().positive().max(86_400).default(10),
  maxPackets: z
    .int()
    .positive()
    .max(2 ** 31 - 1)
    .optional(),
  maxBytes: z.int().positive().optional(),
  lastBytes: z
    .int()
    .min(2 ** 16)
    .max(2 ** 30)
    .optional(),
  lastSeconds: z.number().positive().max(86_400).optional(),
  snapLength: z.int().min(64).max(262_144).default(262_144),
  saveAs: z.string().min(1).optional(),
  overwrite: z.boolean().default(false),
  during: work,
  until: work,
});

/** What a capture does and keeps, with all defaults. */
export type CheckedOptions = Omit<
  z.output<typeof Options>,
  "maxPackets" | "maxBytes" | "lastBytes" | "lastSeconds"
> &
  Pick<RunOptions, "extent">;

export function checkedOptions(options: CaptureOptions): CheckedOptions {
  const parsed = Options.safeParse(options);
  if (!parsed.success) throw badOptions(z.prettifyError(parsed.error));
  const { maxPackets, maxBytes, lastBytes, lastSeconds, ...rest } = parsed.data;
  const ring = lastBytes !== undefined || lastSeconds !== undefined;
  if (!ring) {
    return { ...rest, extent: { maxPackets: maxPackets ?? 1_000_000, maxBytes: maxBytes ?? 256 * 2 ** 20 } };
  }
  if (maxPackets !== undefined || maxBytes !== undefined)
    throw badOptions(
      "maxPackets and maxBytes end a capture that keeps all: lastBytes and lastSeconds keep the last of it",
    );
  return { ...rest, extent: { lastBytes: lastBytes ?? 64 * 2 ** 20, lastSeconds } };
}

function badOptions(failed: string): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: "capture",
    failed,
    todo: "correct the options; Shift-Tab on `capture` shows them",
  });
}
