import type { Host } from "../../lib/index.js";

/** Runs shell text on a host of the lab, and returns what it printed. `of` says what it is for, where it fails. */
export async function script(
  host: Host,
  lines: string | readonly string[],
  of = "a script",
): Promise<string> {
  const text = [lines].flat().join("\n");
  const { exitCode, stdout, stderr } = await host.exec(["sh", "-euc", text], { deadlineSeconds: 120 });
  if (exitCode !== 0) throw new Error(`${of} failed on ${host.name} (${exitCode}): ${stderr}\n${stdout}`);
  return stdout;
}
