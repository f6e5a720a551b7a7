import { randomUUID } from "node:crypto";
import { constants, readFileSync, readlinkSync, rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { SkbookError } from "../errors/index.js";
import { inFolder, openFile } from "./beneath.js";

/** Says which process records into a case, while it does. */
const lockFile = "recorder.json";
const maxBytes = 4_096;
const { O_CREAT, O_EXCL, O_WRONLY } = constants;

const Owner = z.object({
  pid: z.int().min(1),
  /** When the process was started, in clock ticks since the boot: another process may get its number. */
  started: z.string(),
  /** Where that number means something: the boot of a machine, and its namespace of processes. */
  boot: z.string(),
  namespace: z.string(),
  machine: z.string(),
  /** Unlike that of every other recorder. */
  token: z.string(),
});
type Owner = z.infer<typeof Owner>;

/** The right to record into a case, of one process at a time. */
export class RecorderLock {
  private constructor(
    private readonly path: string,
    private readonly token: string,
  ) {}

  /** @throws SkbookError `CASE_BUSY` where a process has it that still runs, or may. */
  static async take(path: string): Promise<RecorderLock> {
    const lock = new RecorderLock(path, randomUUID());
    const text = `${JSON.stringify(ownerHere(lock.token))}\n`;
    while (!(await inFolder(path, (folder) => made(folder, text)))) {
      const owner = await inFolder(path, readOwner);
      if (owner === null) continue;
      if (owner === undefined || mayRun(owner)) throw busy(path, owner);
      await inFolder(path, (folder) => removeOf(folder, owner));
    }
    process.once("exit", lock.release);
    return lock;
  }

  /** Whether nobody removed it, or took the folder away. */
  async isHeld(): Promise<boolean> {
    const owner = await inFolder(this.path, readOwner).catch(() => null);
    return owner?.token === this.token;
  }

  readonly release = (): void => {
    process.removeListener("exit", this.release);
    const file = join(this.path, lockFile);
    try {
      if (JSON.parse(readFileSync(file, "utf8")).token === this.token) rmSync(file);
    } catch {
      // It is gone, or was taken away: then it isn't ours.
    }
  };
}

/** Whether a process of this machine records into a case now. A copy of a case may name one of another machine, whose end can't be seen. */
export async function isRecordedHere(path: string): Promise<boolean> {
  const owner = await inFolder(path, readOwner);
  return owner !== null && owner !== undefined && isHere(owner) && mayRun(owner);
}

async function made(folder: string, text: string): Promise<boolean> {
  const file = await openFile(folder, lockFile, O_WRONLY | O_CREAT | O_EXCL).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST" || error.code === undefined) return undefined;
      throw error;
    },
  );
  if (file === undefined) return false;
  try {
    await file.writeFile(text);
    return true;
  } catch (error) {
    await rm(join(folder, lockFile), { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** null where nobody records; undefined where it is not known who. */
async function readOwner(folder: string, name = lockFile): Promise<Owner | null | undefined> {
  try {
    const file = await openFile(folder, name);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
      return Owner.safeParse(JSON.parse(buffer.toString("utf8", 0, bytesRead))).data;
    } finally {
      await file.close();
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? null : undefined;
  }
}

/** Removes what an owner left that runs no more; another process may have done so, and be the owner now. */
async function removeOf(folder: string, owner: Owner): Promise<void> {
  const aside = `${lockFile}.${randomUUID()}`;
  const moved = await rename(join(folder, lockFile), join(folder, aside)).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  const found = await readOwner(folder, aside);
  if (found?.token === owner.token) await rm(join(folder, aside));
  else await rename(join(folder, aside), join(folder, lockFile));
}

function ownerHere(token: string): Owner {
  return {
    pid: process.pid,
    started: startOf("self"),
    boot: read("/proc/sys/kernel/random/boot_id"),
    namespace: namespace(),
    machine: hostname(),
    token,
  };
}

/** Whether its process, if it still runs, is one that can be seen from here. */
function isHere({ machine, namespace }: Owner): boolean {
  const here = ownerHere("");
  return machine === here.machine && namespace === here.namespace;
}

function mayRun(owner: Owner): boolean {
  const here = ownerHere("");
  if (owner.machine !== here.machine) return true;
  // The machine was started anew.
  if (owner.boot !== here.boot) return false;
  if (owner.namespace !== here.namespace) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return startOf(owner.pid) === owner.started;
}

/** The field is the 22nd (proc(5)); the second one may hold spaces and brackets. */
function startOf(pid: number | "self"): string {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

function namespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

function busy(path: string, owner: Owner | undefined): SkbookError {
  const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.machine}`;
  return new SkbookError({
    code: "CASE_BUSY",
    tried: `record into ${path}`,
    failed: `${who} records into it, as its ${lockFile} says`,
    todo: `record into a folder of its own; where that process is gone for sure, remove ${lockFile}`,
  });
}
