import type { ResultPromise } from "execa";

/** Traffic that goes on until it is stopped. */
export interface Trouble {
  stop(): Promise<void>;
}

/** Makes traffic again and again, each kind with its own pace in milliseconds, beside the programs that serve it. */
export function every(
  kinds: readonly (readonly [milliseconds: number, make: () => PromiseLike<unknown>])[],
  servers: readonly ResultPromise[],
): Trouble {
  const ended = new AbortController();
  const loops = kinds.map(async ([milliseconds, make]) => {
    while (!ended.signal.aborted) {
      await Promise.allSettled([make(), new Promise((later) => setTimeout(later, milliseconds))]);
    }
  });
  return {
    async stop() {
      ended.abort();
      await Promise.all(loops);
      for (const server of servers) server.kill();
    },
  };
}
