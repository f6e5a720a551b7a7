import type { SocketPipeline } from "../../../lib/index.js";
import type { Behaviour } from "../../sockets/scene.js";

export type Limit = NonNullable<SocketPipeline["limit"]>;

/**
 * A transfer from `a` to `b`, network namespaces of a lab host with `r` as router between them, whose limit is known. Shell text, in which `A`, `R` and `B` run a command there; all of `a`
 * and `b` is behind `eth0`, and `r` leads to them by `to-a` and `to-b`. Segments are not merged: a packet that a queue drops is one.
 */
export interface SocketScene extends Behaviour {
  name: string;
  /** What makes it so. */
  put?: readonly string[];
  /** Other transfers at the same time, to other ports. */
  competing?: number;
  /** Both are true where there are two: losses that come seldom keep the congestion window small, and it is that most of the time. */
  limit: readonly Limit[];
  primary: readonly string[];
  /** What transferReport has to say, where that is more than the limit's usual words. */
  says?: RegExp;
  /** Seconds that the transfer runs before it is looked at. Default 1. */
  after?: number;
  seconds?: number;
}
