import { constants, existsSync, type Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { join } from "node:path";

/** What lies in a case and is neither a regular file nor a folder: a link, a device, a pipe. */
class NotPlain extends Error {}

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/** Linux resolves a name against an open folder by this path (proc(5)), whatever is put in the folder's place meanwhile. */
const descriptors = "/proc/self/fd";
const chunkBytes = 64 * 2 ** 10;

/** Calls `work` with a path that leads to the folder as long as that runs, even where it is renamed or replaced. */
export async function inFolder<T>(path: string, work: (folder: string) => Promise<T>): Promise<T> {
  const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    return await work(existsSync(descriptors) ? `${descriptors}/${handle.fd}` : path);
  } finally {
    await handle.close();
  }
}

/** The same for a folder in it. It is no link, and nor is what is between. */
export async function inSubfolder<T>(
  path: string,
  name: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  return inFolder(path, async (folder) => {
    const found = await lstat(join(folder, name));
    if (!found.isDirectory()) throw new NotPlain(`${name} is ${kindOf(found)}, not a folder`);
    return inFolder(join(folder, name), work);
  });
}

/**
 * Opens a regular file of a folder that one of the above gave. A device or a pipe is not even opened: that alone may do something, or
 * wait. What is made is for its user only.
 */
export async function openFile(folder: string, name: string, flags = O_RDONLY): Promise<FileHandle> {
  const path = join(folder, name);
  const there = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && (flags & O_CREAT) !== 0) return undefined;
    throw error;
  });
  if (there !== undefined) checkPlain(name, there);
  const handle = await open(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    checkPlain(name, await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The bytes of an open file from its beginning, whatever was read of it before. */
export async function* chunksOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  let position = 0;
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function checkPlain(name: string, found: Stats): void {
  if (!found.isFile()) throw new NotPlain(`${name} is ${kindOf(found)}, not a regular file`);
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return "a link";
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a pipe";
  if (found.isSocket()) return "a socket";
  return found.isFile() ? "a file" : "a device";
}
