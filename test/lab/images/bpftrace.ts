import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { type Suite, sources } from "../kernels.js";
import { built } from "./cache.js";

/**
 * The bpftrace of a Debian suite, for this machine, which is x86-64 as the lab is: nothing is installed, its libraries come with it.
 *
 * @returns the path of a command.
 */
export async function bpftraceOf(suite: Suite): Promise<string> {
  const lines = sources(suite);
  const options = [
    ...["--quiet", "--variant=extract", "--mode=root", "--aptopt=APT::Install-Recommends false"],
    "--include=bpftrace",
  ];
  const { folder } = await built(`bpftrace-${suite.name}`, [options, lines, command], async (folder) => {
    await execa("mmdebstrap", [...options, suite.name, join(folder, "tree"), ...lines]);
    await writeFile(join(folder, "bpftrace"), command);
    await chmod(join(folder, "bpftrace"), 0o755);
  });
  return join(folder, "bpftrace");
}

/** Its own loader finds its own libraries, wherever they stand. */
const command = `#!/bin/sh
tree=$(dirname "$0")/tree/usr
exec "$tree/lib64/ld-linux-x86-64.so.2" --library-path "$tree/lib/x86_64-linux-gnu" "$tree/bin/bpftrace" "$@"
`;
