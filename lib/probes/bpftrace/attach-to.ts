import { SkbookError } from "../../errors/index.js";
import type { Target } from "../target.js";
import { Fragment } from "./program.js";

/** What stands before a clause: `kprobe:ip_rcv.isra.0, kprobe:ip_rcv.isra.1`. */
const attachPoint = /^[a-z]+:[\w.:/-]+$/;

/**
 * The head of a clause that attaches to a wanted hook: to the hook itself, or to all the copies of a function that the
 * compiler made.
 *
 * @param hook one of the probe's hooks; for an optional one, see whether `target.hooks` has it first.
 * @example bpftrace`${attachTo(target, "kprobe:tcp_v4_rcv")} { @ = count(); }`
 */
export function attachTo(target: Target, hook: string): Fragment {
  const places = target.hooks.get(hook);
  const refused = places === undefined ? hook : places.find((place) => !attachPoint.test(place));
  if (places !== undefined && refused === undefined) return new Fragment(places.join(",\n"));
  throw new SkbookError({
    code: "NOT_PROGRAM_TEXT",
    tried: `attach to ${hook} on ${target.host}`,
    failed: places === undefined ? "the host has no such hook" : `${refused} is no place to attach to`,
    todo: "name it among the probe's hooks, and look whether target.hooks has it where it is optional",
  });
}
