import { access, constants, open, realpath } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import type { Json } from "../cases/index.js";
import { type Host, localhost } from "../hosts/index.js";
import { answerTo } from "./answer.js";
import { keepAnswer, keptAnswer } from "./cache/index.js";
import { localIdentity } from "./identity.js";
import { missing, startTool } from "./tool.js";

const versions = new WeakMap<Host, Promise<string>>();

/** `TShark (Wireshark) 4.0.17` and what the packager adds. */
export function tsharkVersion(host: Host): Promise<string> {
  const version = versions.get(host) ?? (host === localhost() ? localVersion(host) : readVersion(host));
  versions.set(host, version);
  version.catch(() => versions.delete(host));
  return version;
}

/** Of this machine's tshark, as it said it when its executable was the same file, unchanged since: starting it takes longer than most analyses. */
async function localVersion(host: Host): Promise<string> {
  const key = await executable().catch(() => null);
  const kept = key === null ? null : await keptAnswer("version", key);
  if (typeof kept === "string" && kept !== "") return kept;
  const version = await readVersion(host);
  const isWhole = /^TShark \(Wireshark\) \d+\.\d+/.test(version);
  if (key !== null && isWhole && (await executable().catch(() => null)) === key)
    await keepAnswer("version", key, version);
  return version;
}

/**
 * Which file the first `tshark` of the PATH is; null where that is no program of its own but what starts one, such as a script or snap's: that says nothing
 * of the version.
 */
async function executable(): Promise<Json> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = await runnable(join(folder, "tshark")).catch(() => null);
    if (path === null) continue;
    return basename(path) === "tshark" && (await isElf(path)) ? `${path} ${await localIdentity(path)}` : null;
  }
  return null;
}

/** The file itself; fails for what a shell would not run. */
async function runnable(path: string): Promise<string> {
  await access(path, constants.X_OK);
  return realpath(path);
}

async function isElf(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString("latin1") === "\x7fELF";
  } finally {
    await file.close();
  }
}

async function readVersion(host: Host): Promise<string> {
  const execution = startTool(host, "tshark", ["--version"]);
  const { text, exitCode, stderr } = await answerTo(execution, `run tshark on ${host.name}`);
  if (exitCode === 127) throw missing(host, stderr);
  return text.split("\n", 1)[0]?.replace(/\.$/, "") ?? "";
}
