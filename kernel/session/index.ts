import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { UsageError } from "../usage-error.js";
import { readConnection } from "../wire/index.js";
import { Kernel } from "./kernel.js";

export { languageInfo } from "./info.js";

/** `skbook kernel --connection-file F`: a kernel in the current folder, until its client ends it. */
export async function kernel(args: string[]): Promise<undefined> {
  const { values } = parseArgs({ args, options: { "connection-file": { type: "string" } } });
  const file = values["connection-file"];
  if (file === undefined)
    throw new UsageError("name the connection file: skbook kernel --connection-file FILE");
  const kernel = new Kernel(readConnection(file));
  // The compiler takes a second or two and keeps this thread busy; the sockets' thread answers kernel_info meanwhile.
  await delay(0);
  try {
    const { openLanguage } = await import("../language/index.js");
    kernel.start(openLanguage(kernel.guard));
  } catch (error) {
    // The streams belong to cells by now, and the sockets would keep a kernel alive that can run none.
    writeSync(2, `skbook: ${(error as Error).stack}\n`);
    process.exit(1);
  }
  return undefined;
}
