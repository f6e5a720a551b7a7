import type { Target } from "../target.js";
import { plainBtf } from "./plain-btf.js";

/**
 * Hosts without BTF give bpftrace some of ours, that names integers only: one before 0.25 then believes that it knows the kernel's types, and doesn't
 * include <linux/types.h>, which few hosts have. Programs for such hosts name no struct of the kernel. It is a file that has no name any more when
 * bpftrace begins, so that nothing is left of it, in the first folder that has room; the lowest numbers are taken by what counts a probe's cost.
 */
const withPlainBtf = [
  'for folder in "${TMPDIR:-/tmp}" /dev/shm /run; do file=$(mktemp -p "$folder" 2>/dev/null) || continue',
  `if echo ${plainBtf().toString("base64")} | base64 -d > "$file" 2>/dev/null; then exec 9< "$file"; rm "$file"; export BPFTRACE_BTF=/proc/self/fd/9; exec "$@"; fi`,
  'rm -f "$file"; done; echo "${TMPDIR:-/tmp}, /dev/shm and /run have no room for a file of some kilobytes that bpftrace needs" >&2; exit 1',
].join("; ");

/**
 * What stands before a host's bpftrace and further variables. Kernels before 5.11 give their own BTF no number, without which bpftrace 0.17
 * doesn't find it, nor the fields of tracepoints, unless it is told the file. Never a file that isn't there: bpftrace 0.17 crashes on it.
 */
export function environment({ snapshot: { kernel = "", btf = "" } }: Target): string[] {
  if (btf === "") return ["sh", "-c", withPlainBtf, "skbook", "env"];
  const [major = 0, minor = 0] = kernel.split(".").map(Number);
  const old = major < 5 || (major === 5 && minor < 11);
  return old ? ["env", "BPFTRACE_BTF=/sys/kernel/btf/vmlinux"] : ["env"];
}
