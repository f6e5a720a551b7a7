import { SkbookError } from "../errors/index.js";

/** What is read, for the sentences of an error: `vmlinux`, a module's name, or a file. */
export type Origin = string;

/** Bytes that are no BTF, or contradict themselves. */
export function unreadable(origin: Origin, failed: string): SkbookError {
  return new SkbookError({
    code: "BTF_UNREADABLE",
    tried: `read the BTF of ${origin}`,
    failed,
    todo: "give raw BTF as /sys/kernel/btf/vmlinux has it, whole, or an ELF file with a .BTF section",
  });
}

/** A module's BTF that was made beside another kernel than the one given. */
export function mismatched(origin: Origin, failed: string): SkbookError {
  return new SkbookError({
    code: "BTF_MISMATCH",
    tried: `read the BTF of ${origin} beside that of vmlinux`,
    failed,
    todo: "give the BTF of vmlinux and of its modules from the very same build of the kernel",
  });
}
