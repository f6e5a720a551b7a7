import { z } from "zod";

/** Name of a network namespace, where a call takes one. */
export const namespaceName: z.ZodString = z
  .string()
  .regex(/^[\w][\w.-]{0,254}$/, "the name of a network namespace, as `ip netns` shows it");

/** The command as it runs in a network namespace of that name, as root; undefined: the host's own. */
export function inNamespace(name: string | undefined, command: readonly string[]): string[] {
  return name === undefined ? [...command] : ["nsenter", `--net=/run/netns/${name}`, "--", ...command];
}
