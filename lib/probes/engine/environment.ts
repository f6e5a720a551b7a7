import type { Target } from "../target.js";

/**
 * Environment variables that a host's bpftrace needs. Kernels before 5.11 give their own BTF no number, without which bpftrace 0.17 doesn't
 * find it, nor the fields of tracepoints, unless it is told the file. Never a file that isn't there: bpftrace 0.17 crashes on it.
 */
export function environment({ snapshot: { kernel = "", btf = "" } }: Target): string[] {
  const [major = 0, minor = 0] = kernel.split(".").map(Number);
  const old = major < 5 || (major === 5 && minor < 11);
  return old && btf !== "" ? ["BPFTRACE_BTF=/sys/kernel/btf/vmlinux"] : [];
}
