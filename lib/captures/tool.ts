import { SkbookError } from "../errors/index.js";
import { type Execution, type Host, localhost } from "../hosts/index.js";

/** Dissecting a very big capture takes hours; nothing takes longer. */
const deadlineSeconds = 24 * 3600;

/**
 * tshark frees some hundred small pieces of memory after each packet and asks for the same again: glibc keeps 7 of a size at hand by default,
 * and the rest costs a tenth of tshark's time. Another libc doesn't read it.
 */
const allocation = "GLIBC_TUNABLES=glibc.malloc.tcache_count=1000";

/**
 * What a script ends with to become tshark with the script's arguments. It writes pieces of 4 KiB by itself, each of which wakes this process up;
 * coreutils' stdbuf, where it is there, makes them bigger; several have to fit into a socket, lest one shard waits for another.
 */
export const becomeTshark =
  'if command -v stdbuf > /dev/null; then exec stdbuf -o 32768 tshark "$@"; fi; exec tshark "$@"';

/** Starts tshark, capinfos or a script that does, with defaults only: a user's preferences change results. */
export function startTool(
  host: Host,
  tool: "tshark" | "capinfos" | "sh",
  args: readonly string[],
): Execution {
  // A folder that doesn't exist holds no preferences, and nothing is left behind.
  const environment = ["WIRESHARK_CONFIG_DIR=/nonexistent/skbook", "LC_ALL=C.UTF-8", "TZ=UTC", allocation];
  return host.start(["env", ...environment, tool, ...args], { deadlineSeconds });
}

/** What is said where there is no tshark. */
export function missing(host: Host, stderr: string): SkbookError {
  return new SkbookError({
    code: "TSHARK_MISSING",
    tried: `run tshark on ${host === localhost() ? "this machine" : host.name}`,
    failed: stderr,
    todo: "install it (Debian: apt install tshark; Fedora: dnf install wireshark-cli), or replay a case",
  });
}
