import type { Watch } from "../language/index.js";
import type { Shared } from "./shared.js";

/** Thrown in the code of cells when it is told to stop. */
export class Stopped extends Error {
  override readonly name = "Interrupted";

  constructor() {
    super("the code was interrupted");
  }
}

/** Lets loops and functions of a cell end when the main thread is stuck in them; `entered` hears of functions. */
export function stopWatch(shared: Shared, entered: () => void): Watch {
  const loop = () => {
    if (shared.stop) throw new Stopped();
  };
  return {
    loop,
    enter: () => {
      entered();
      loop();
    },
  };
}
