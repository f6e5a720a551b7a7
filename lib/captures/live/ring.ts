import type { Execution, Host } from "../../hosts/index.js";
import { answerOf } from "../answer.js";
import type { RingFiles } from "./tools.js";

/** What is asked of a ring, by the names of {@link CaptureOptions}. */
export interface Ring {
  lastBytes: number;
  lastSeconds: number | undefined;
}

/** Of five files the oldest goes when a sixth begins: four are whole at any time. */
const files = 5;
const wholeFiles = files - 1;

export function ringFiles({ lastBytes, lastSeconds }: Ring): RingFiles {
  return {
    files,
    fileBytes: Math.max(Math.ceil(lastBytes / wholeFiles), 2 ** 14),
    fileSeconds: lastSeconds === undefined ? undefined : Math.max(1, Math.ceil(lastSeconds / wholeFiles)),
  };
}

/**
 * Runs on the host, in a mount namespace of its own: the files of the ring lie in a file system in memory that only the capture can see,
 * bounded in size. It ends with the last process that can see it, whatever ended that: nothing is written to a disk, and nothing can stay.
 * Once the tool has ended, the files go to stdout, the oldest first. Its parameters: bytes of the file system, bytes to leave out at the
 * start of each file but the first, then the tool.
 */
const script = [
  "size=$1; header=$2; shift 2",
  "free=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo); free=${free:-0}",
  'if [ "$((size / 512))" -gt "$free" ]; then echo "no room for the ring: $((size / 1024)) kB wanted, $free kB of memory available, of which it may take half" >&2; exit 1; fi',
  'mount --make-rprivate / && mount -t tmpfs -o "size=$size,mode=700" skbook-ring /mnt && cd /mnt || exit 1',
  '"$@" & tool=$!; echo "skbook-ring $tool" >&2; wait "$tool"; code=$?',
  'skip=1; for file in $(ls -tr); do tail -c +$skip "$file"; rm "$file"; skip=$((header + 1)); done',
  "echo skbook-ring over >&2",
  'exit "$code"',
].join("; ");

/** What stands on stderr once all files were brought. */
const overLine = /^skbook-ring over$/m;

/** Whether all that a ring had kept was brought. */
export function isBrought(stderr: string): boolean {
  return overLine.test(stderr);
}

const toolLine = /^skbook-ring (\d+)$/m;

/** The command that keeps a ring and prints it at the end. */
export function ringCommand(
  { fileBytes }: RingFiles,
  headerBytes: number,
  tool: readonly string[],
): string[] {
  // One file more, since the next one may begin before the oldest is gone, and some for what a file goes over its size.
  const bytes = (files + 1) * Math.max(fileBytes, 1_000_000) + 2 ** 20;
  return ["unshare", "-m", "sh", "-c", script, "skbook-ring", String(bytes), String(headerBytes), ...tool];
}

/** Asks the tool to end, and makes it end where it hangs: its parameter is the tool's pid. */
const endTool = [
  'kill -s TERM "$1" || exit',
  'tries=0; while kill -s 0 "$1" 2>/dev/null; do tries=$((tries + 1)); [ $tries -ne 30 ] || kill -s KILL "$1"; [ $tries -lt 50 ] || exit 1; sleep 0.1; done',
].join("; ");

/** Ends the tool of a ring, and leaves what brings the files. */
export async function endRing(host: Host, execution: Execution, stderr: string): Promise<void> {
  const tool = toolLine.exec(stderr)?.[1];
  const ended =
    tool === undefined
      ? undefined
      : await answerOf(host, ["sh", "-c", endTool, "skbook", tool], "end the capture", {
          root: true,
          // Over in 5 s; whatever else runs, what the ring has must not be overwritten meanwhile.
          session: "check",
        }).catch(() => undefined);
  if (ended?.exitCode !== 0) execution.stop();
}
