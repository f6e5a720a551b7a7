import type { Target } from "../target.js";

/**
 * BTF with one type, `int`: enough for bpftrace before 0.25 to believe that it knows the kernel's types, so that it doesn't include <linux/types.h>,
 * which few hosts have. Programs for hosts without BTF name no type of the kernel.
 */
const oneType = Buffer.from(
  "9feb010018000000" + // Magic, version 1, flags, length of the header.
    "00000000100000001000000005000000" + // Where types and strings begin, and their lengths.
    "01000000000000010400000020000001" + // int: name, kind, bytes, bits.
    "00696e7400",
  "hex",
);

/** Given as a file that has no name any more when bpftrace begins, so that nothing is left of it. */
const withOneType = [
  `file=$(mktemp) && printf '${octal(oneType)}' > "$file" && exec 3< "$file" && export BPFTRACE_BTF=/proc/self/fd/3`,
  'rm -f "$file"; exec "$@"',
].join("; ");

/**
 * What stands before a host's bpftrace and further variables. Kernels before 5.11 give their own BTF no number, without which bpftrace 0.17
 * doesn't find it, nor the fields of tracepoints, unless it is told the file. Never a file that isn't there: bpftrace 0.17 crashes on it.
 */
export function environment({ snapshot: { kernel = "", btf = "" } }: Target): string[] {
  if (btf === "") return ["sh", "-c", withOneType, "skbook", "env"];
  const [major = 0, minor = 0] = kernel.split(".").map(Number);
  const old = major < 5 || (major === 5 && minor < 11);
  return old ? ["env", "BPFTRACE_BTF=/sys/kernel/btf/vmlinux"] : ["env"];
}

function octal(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
