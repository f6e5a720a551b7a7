import { open, stat } from "node:fs/promises";
import { reasonOf, SkbookError } from "../errors/index.js";
import type { Host } from "../hosts/index.js";
import { answerOf } from "./answer.js";

/** Fails unless a path of this machine is a file that can be read. */
export async function checkLocalFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EACCES") throw noPermission(path, reasonOf(error));
    throw notFound(path, reasonOf(error));
  });
  if (!found.isFile()) throw notAFile(path, found.isDirectory());
  const file = await open(path).catch((error) => {
    throw noPermission(path, reasonOf(error));
  });
  await file.close();
}

/** The same on another host. */
export async function checkRemoteFile(host: Host, path: string): Promise<void> {
  const script =
    'if [ -f "$1" ]; then [ -r "$1" ] && echo file || echo unreadable; elif [ -d "$1" ]; then echo folder; elif [ -e "$1" ]; then echo other; else echo none; fi';
  const place = `${path} on ${host.name}`;
  const found = (await answerOf(host, ["sh", "-c", script, "sh", path], `open ${place}`)).text.trim();
  if (found === "none") throw notFound(place, "no such file, or a folder above it is not to be read");
  if (found === "unreadable") throw noPermission(place, "the user that is connected can't read it");
  if (found !== "file") throw notAFile(place, found === "folder");
}

function notFound(path: string, failed: string): SkbookError {
  return new SkbookError({ code: "FILE_NOT_FOUND", tried: `open ${path}`, failed, todo: "check the path" });
}

function noPermission(path: string, failed: string): SkbookError {
  return new SkbookError({
    code: "NO_PERMISSION",
    tried: `open ${path}`,
    failed,
    todo: "make the file readable for the user that runs the notebook, or that connects to the host",
  });
}

function notAFile(path: string, folder: boolean): SkbookError {
  return new SkbookError({
    code: "NOT_A_FILE",
    tried: `open ${path}`,
    failed: folder ? "it is a folder" : "it is a device, a pipe or a socket",
    todo: "give a capture file; capture() captures from a device",
  });
}
