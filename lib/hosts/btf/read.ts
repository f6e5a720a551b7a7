import { reasonOf, SkbookError } from "../../errors/index.js";
import { readBytes, unzipped } from "../bytes.js";
import type { Host } from "../host.js";
import { codeOf } from "../read-sections.js";
import { keep, kept, keptUnder } from "./cache.js";
import { damaged, takeApart } from "./stream.js";

/** BTF of a host by name, `vmlinux` and those of modules; null where the host has none under it. */
export type BtfBytes = Map<string, Uint8Array | null>;

const kernelFolder = "/sys/kernel/btf";

/**
 * Says each file that was asked for, by name: `vhost none`, `vhost same HASH` where its hash is one of those given as known, else
 * `vhost SIZE` and the bytes. The folder is the first parameter, `vhost=HASH,HASH` one of the others.
 */
const script = [
  "folder=$1; shift",
  "for asked; do name=${asked%%=*}; file=$folder/$name",
  '[ -r "$file" ] || { echo "$name none"; continue; }',
  "hash=$(sha256sum < \"$file\" | cut -d' ' -f1)",
  'case ",${asked#*=}," in *",${hash:-none},"*) echo "$name same $hash" ;; ' +
    '*) echo "$name $(($(cat "$file" | wc -c)))"; cat "$file" ;; esac',
  "done; echo complete",
].join("; ");

const maxBytes = 128 * 2 ** 20;
/** Two megabytes, compressed, over a slow network. */
const deadlineSeconds = 120;

/**
 * Reads BTF from a host, all in one command, compressed where the host has gzip. What this machine has kept isn't sent again: vmlinux's isn't
 * even asked for where the host's snapshot says its hash; modules' hashes are compared on the host. Not recorded.
 *
 * @param names `vmlinux`, and modules.
 * @throws SkbookError `INTERRUPTED`, `LEASE_EXPIRED`, `DEADLINE`, `CONNECTION_LOST`, `OUTPUT_TOO_LARGE`, `BTF_UNREADABLE` for what came damaged,
 *   `BAD_PARAMETER` for what is no module's name.
 */
export async function readBtf(
  host: Host,
  names: readonly string[],
  folder: string = kernelFolder,
): Promise<BtfBytes> {
  names.forEach(refuseUnlessName);
  const caches = host.name !== "localhost";
  const found: BtfBytes = new Map();
  if (caches && names.includes("vmlinux") && folder === kernelFolder) {
    const vmlinux = await kept("vmlinux", (await host.snapshot())["btf.sha256"] ?? "");
    if (vmlinux !== null) found.set("vmlinux", vmlinux);
  }
  const asked = names.filter((name) => !found.has(name));
  if (asked.length === 0) return found;
  const known = new Map<string, Map<string, Uint8Array>>();
  for (const name of asked) known.set(name, caches ? await keptUnder(name) : new Map());
  const words = asked.map((name) => `${name}=${[...(known.get(name)?.keys() ?? [])].join(",")}`);
  for (const { name, bytes, same } of takeApart(await fetchAll(host, [folder, ...words]), host.name)) {
    found.set(name, same === null ? bytes : (known.get(name)?.get(same) ?? null));
    if (caches && bytes !== null) await keep(name, bytes);
  }
  return found;
}

async function fetchAll(host: Host, words: readonly string[]): Promise<Buffer> {
  const zip = host.name === "localhost" ? "cat" : "if command -v gzip >/dev/null; then gzip -1; else cat; fi";
  const command = ["sh", "-c", `exec 2>/dev/null; { ${script}; } | { ${zip}; }`, "skbook", ...words];
  const execution = host.start(command, { deadlineSeconds, session: "exec" });
  const read = await readBytes(execution, maxBytes, `read BTF from ${host.name}`);
  const end = await execution.ended;
  if (end.exitCode !== 0 || codeOf(end) === "INTERRUPTED") throw notRead(host.name, codeOf(end));
  try {
    return unzipped(read, maxBytes, `read BTF from ${host.name}`);
  } catch (error) {
    throw damaged(host.name, error instanceof SkbookError ? error.failed : reasonOf(error));
  }
}

/** Names become words of a command and paths there. */
function refuseUnlessName(name: string): void {
  if (/^\w+$/.test(name)) return;
  throw new SkbookError({
    code: "BAD_PARAMETER",
    tried: `read the BTF of ${JSON.stringify(name)}; nothing was run`,
    failed: "it is no name of a module",
    todo: "give names as lsmod prints them: openvswitch, vhost_net",
  });
}

function notRead(host: string, code: string): SkbookError {
  return new SkbookError({
    code,
    tried: `read BTF from ${host}`,
    failed: "it did not come to its end",
    todo: "run the cell again",
  });
}
