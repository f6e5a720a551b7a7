import { closeSync, existsSync, fstatSync, linkSync, openSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeOwnFolder } from "./scratch.js";

/** Files that are held open at most: a process may have no more than some hundred. */
const mostOpen = 64;

/** Names of files that are held open, by device and inode. */
const open = new Map<string, string>();

/** A name under which a file stays while this process runs, though somebody removes it. */
export function held(path: string): string {
  const fd = openSync(path, "r");
  const { dev, ino } = fstatSync(fd);
  const key = `${dev}:${ino}`;
  const known = open.get(key);
  const name = `/proc/self/fd/${fd}`;
  if (known === undefined && open.size < mostOpen && existsSync(name)) {
    open.set(key, name);
    return name;
  }
  closeSync(fd);
  return known ?? linked(path);
}

const folders = new Map<string, string>();
let links = 0;

/** A further name in a folder of this process, near the file, since it has to be in the same file system; the file's own where it can't have two. */
function linked(path: string): string {
  const near = dirname(dirname(path));
  try {
    const folder = folders.get(near) ?? folderIn(near);
    folders.set(near, folder);
    links += 1;
    const name = join(folder, `${links}.parquet`);
    linkSync(path, name);
    return name;
  } catch {
    return path;
  }
}

function folderIn(near: string): string {
  const folder = makeOwnFolder(near, "held");
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
