import { z } from "zod";
import type { Json } from "../cases/index.js";
import { localhost } from "../hosts/index.js";
import { cacheKey, keepAnswer, keptAnswer } from "./cache/index.js";
import { type CaptureFacts, captureFactsOf } from "./facts.js";
import { localIdentity } from "./identity.js";
import { captureFacts } from "./tshark.js";
import { tsharkVersion } from "./version.js";

const answer = z.object({ version: z.string(), facts: captureFactsOf });

/**
 * The facts of a capture file of this machine. capinfos reads all of it, which takes seconds where it is big: what the same version said of the
 * same file, unchanged since, is kept beside the packet Tables.
 */
export async function localFacts(path: string): Promise<CaptureFacts> {
  const key = await keyOf(path);
  const kept = answer.safeParse(await keptAnswer("facts", key));
  if (kept.success && kept.data.version === (await tsharkVersion(localhost()))) return kept.data.facts;
  const facts = await captureFacts(localhost(), path);
  // A file that was written to meanwhile is not the one that was asked about.
  if ((await keyOf(path)) === key) {
    const version = await tsharkVersion(localhost());
    await keepAnswer("facts", key, { version, facts } as unknown as Json);
  }
  return facts;
}

async function keyOf(path: string): Promise<string> {
  return cacheKey({ file: await localIdentity(path) }, new URL("./", import.meta.url));
}
