import { writeSync } from "node:fs";
import module from "node:module";
import { parseArgs } from "node:util";
import { codeFolder } from "../cache.js";
import { UsageError } from "../usage-error.js";
import { readConnection } from "../wire/index.js";

export { languageInfo } from "./info.js";

/** `skbook kernel --connection-file F`: a kernel in the current folder, until its client ends it. */
export async function kernel(args: string[]): Promise<undefined> {
  const { values } = parseArgs({ args, options: { "connection-file": { type: "string" } } });
  const file = values["connection-file"];
  if (file === undefined)
    throw new UsageError("name the connection file: skbook kernel --connection-file FILE");
  cacheModules();
  // Started first: it reads its libraries while this process gets ready.
  const { CompilerProcess } = await import("../compiler/index.js");
  const compiler = new CompilerProcess();
  const { Kernel } = await import("./kernel.js");
  const kernel = new Kernel(readConnection(file));
  try {
    const { openLanguage } = await import("../language/index.js");
    const language = openLanguage(compiler, kernel.guard);
    await kernel.listening;
    // Nearly every notebook imports it, and until the compiler is there this process has nothing else to do.
    await import("../../lib/index.js").catch(() => undefined);
    kernel.start(language);
  } catch (error) {
    // The streams belong to cells by now, and the sockets would keep a kernel alive that can run none.
    writeSync(2, `skbook: ${(error as Error).stack}\n`);
    process.exit(1);
  }
  return undefined;
}

/** Has Node keep the code that it makes of modules; Node 20 can't. */
function cacheModules(): void {
  const folder = codeFolder("modules");
  const { enableCompileCache } = module as { enableCompileCache?: (folder: string) => unknown };
  if (folder !== undefined) enableCompileCache?.(folder);
}
