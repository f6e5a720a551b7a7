import { type ParseArgsConfig, parseArgs } from "node:util";
import { UsageError } from "./usage-error.js";

/** The arguments that follow `skbook COMMAND`; what it doesn't take is refused in one sentence. */
export function readArguments<T extends ParseArgsConfig>(
  command: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    // Node's first sentence says what is wrong; what follows is about the syntax of dashes.
    const [wrong = ""] = (error as Error).message.split(/\.?\n|\. /);
    throw new UsageError(`${wrong.charAt(0).toLowerCase()}${wrong.slice(1)}; see skbook ${command} --help`);
  }
}
