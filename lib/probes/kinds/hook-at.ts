import { HookSite, type Site } from "../site.js";
import type { Bpf } from "../text/bpf.js";

/** The hook of a clause, with its index among those of the probe. */
export class HookAt extends HookSite {
  constructor(
    site: Site,
    hook: string,
    numeric: boolean,
    readonly index: number,
  ) {
    super(site, hook, numeric);
  }
}

/** How the clauses of a program are written. */
export interface Clauses {
  /** Whether the host has one of the probe's hooks. */
  has(hook: string): boolean;
  /**
   * A clause behind one of the probe's hooks; nothing where the host lacks it.
   *
   * @param body what it does with an event.
   * @param options.when what has to hold before anything is done.
   * @param options.numeric read the hook's arguments by their offsets: for text of variable length.
   */
  on(hook: string, body: (at: HookAt) => Bpf, options?: OnOptions): Bpf;
}

export interface OnOptions {
  when?: ((at: HookAt) => Bpf) | undefined;
  numeric?: boolean;
}
