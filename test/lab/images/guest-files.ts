import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The files that go into the machines: of the source tree, also where this code runs compiled. */
const folder = "test/lab/guest";

/** Names and contents of a part of them, for what is built of them. */
export async function guestFiles(part: "initrd" | "host"): Promise<string[][]> {
  const names = (await readdir(join(folder, part))).sort();
  return Promise.all(names.map(async (name) => [name, await readFile(join(folder, part, name), "utf8")]));
}

export async function copyGuestFiles(part: "initrd" | "host", to: string): Promise<void> {
  await cp(join(folder, part), to, { recursive: true });
}
