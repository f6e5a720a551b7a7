import { createHash } from "node:crypto";

/** Passes bytes on and knows their SHA-256 once all have passed. */
export class Hashed implements AsyncIterable<Uint8Array> {
  /** Rejects when the bytes were not read to their end. */
  readonly sha256: Promise<string>;
  private settle!: { resolve: (hex: string) => void; reject: (error: Error) => void };

  constructor(private readonly bytes: AsyncIterable<Uint8Array>) {
    this.sha256 = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.sha256.catch(() => {});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    try {
      for await (const chunk of this.bytes) {
        hash.update(chunk);
        yield chunk;
      }
      this.settle.resolve(hash.digest("hex"));
    } finally {
      this.settle.reject(new Error("the bytes were not read to their end"));
    }
  }
}
