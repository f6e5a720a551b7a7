import type { Layouts } from "../../btf/index.js";

/** How a host's kernel lays out its structs, and where that is known from. */
export interface HostBtf {
  layouts: Layouts;
  /** The host itself, or files that were given to connect(). */
  source: "host" | "file";
  /** Modules that were asked for and have no BTF there: not loaded, built in (their types are vmlinux's), built without, or not given. */
  missing: readonly string[];
  /** What the reader must know. */
  notes: readonly string[];
}
