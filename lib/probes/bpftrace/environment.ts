import type { Snapshot } from "../../hosts/index.js";

/**
 * Environment variables that a host's bpftrace needs. Kernels before 5.11 give their own BTF no number, without which bpftrace 0.17 doesn't
 * find it, nor any type, unless it is told the file; told one that isn't there, it crashes. Later kernels have more BTF than this file: that of
 * modules.
 */
export function environment({ kernel = "", btf = "" }: Snapshot): string[] {
  const [major = 0, minor = 0] = kernel.split(".").map(Number);
  const nameless = major < 5 || (major === 5 && minor < 11);
  return nameless && btf !== "" ? ["BPFTRACE_BTF=/sys/kernel/btf/vmlinux"] : [];
}
