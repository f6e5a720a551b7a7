import type { Host } from "../hosts/index.js";
import type { CaptureFacts } from "./facts.js";

/** A capture file where it lies. */
export interface CaptureFile {
  /** The machine that it is on. */
  readonly host: Host;
  /** File name, without its folder. */
  readonly name: string;
  /** null in a replay, which doesn't need it. */
  readonly path: string | null;
  /** null when no case is open. */
  readonly sha256: string | null;
  readonly facts: CaptureFacts;
}
