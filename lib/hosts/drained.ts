import type { Readable } from "node:stream";

/**
 * What a channel says, as far as it is wanted; the rest is read and let go. sshd closes a session only when all that it said has been read: a stream
 * that is left, or destroyed as `for await` does it, would keep its session for as long as the connection.
 */
export async function* drained(stdout: Readable): AsyncGenerator<Buffer> {
  try {
    yield* stdout.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } finally {
    stdout.resume();
  }
}
