import { stat } from "node:fs/promises";
import { reasonOf, SkbookError } from "../errors/index.js";
import { type Host, localhost } from "../hosts/index.js";
import { answerOf } from "./answer.js";
import type { CaptureFile } from "./file.js";

const known = new WeakMap<CaptureFile, string>();

/** Remembers which file a capture is, as it was opened. */
export async function rememberIdentity(capture: CaptureFile): Promise<void> {
  known.set(capture, await identityOf(capture));
}

/** Which file a capture is: another, or another content, is another text. Fails when that changed since it was opened. */
export async function checkUnchanged(capture: CaptureFile): Promise<string> {
  const identity = await identityOf(capture);
  const opened = known.get(capture) ?? identity;
  known.set(capture, opened);
  if (identity === opened) return identity;
  throw new SkbookError({
    code: "FILE_CHANGED",
    tried: `read ${capture.path}`,
    failed: "the file is not the one that was opened: it was written to or replaced",
    todo: "open it again; of a capture that is still running, make a copy first",
  });
}

async function identityOf({ host, path }: CaptureFile): Promise<string> {
  return host === localhost() ? localIdentity(path as string) : remoteIdentity(host, path as string);
}

/** The same of a file of this machine. */
export async function localIdentity(path: string): Promise<string> {
  const file = await stat(path, { bigint: true }).catch((error) => {
    throw gone(path, reasonOf(error));
  });
  return [file.dev, file.ino, file.size, file.mtimeNs, file.ctimeNs].join(" ");
}

async function remoteIdentity(host: Host, path: string): Promise<string> {
  const place = `${path} on ${host.name}`;
  const command = ["stat", "-L", "-c", "%d %i %s %Y %Z %y %z", "--", path];
  const { text, stderr } = await answerOf(host, command, `read ${place}`);
  if (text.trim() === "") throw gone(place, stderr);
  return text.trim();
}

function gone(path: string, failed: string): SkbookError {
  return new SkbookError({
    code: "FILE_NOT_FOUND",
    tried: `read ${path}`,
    failed,
    todo: "check whether the capture is still there",
  });
}
