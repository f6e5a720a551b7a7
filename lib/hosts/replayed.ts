import { SkbookError } from "../errors/index.js";
import type { Transport } from "./transport.js";

/** A recorded host runs nothing: whatever is not answered by the case before it comes here is refused. */
export function replayTransport(name: string): Transport {
  return {
    recorded: true,
    async open(command) {
      throw new SkbookError({
        code: "NOT_RECORDED",
        tried: `run ${command[0]} on ${name} in a replay`,
        failed: "host.start() is not recorded, so no case can answer it",
        todo: "use host.exec(), which is recorded, or run the notebook against the host",
      });
    },
    async close() {},
  };
}
