import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string | undefined;

/** A folder for files that end with this process, readable by its user only. */
export function scratchFolder(): string {
  folder ??= makeScratch();
  return folder;
}

function makeScratch(): string {
  const path = makeOwnFolder(tmpdir(), "skbook");
  process.once("exit", () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Makes a folder that is this process's; what processes left there under the same label that were killed is removed. */
export function makeOwnFolder(parent: string, label: string): string {
  // Process numbers mean something only within their namespace: containers may share the folder.
  const prefix = `${label}-${processNamespace()}-`;
  sweep(parent, prefix);
  return mkdtempSync(join(parent, `${prefix}${process.pid}-`));
}

function sweep(parent: string, prefix: string): void {
  for (const name of readdirSync(parent)) {
    const owner = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isNaN(owner) || isRunning(owner)) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // Another user's: theirs to remove.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function processNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
  } catch {
    return "0";
  }
}
