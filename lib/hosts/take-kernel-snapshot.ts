import type { Host } from "./host.js";
import { type KernelSnapshot, parseKernelSnapshot } from "./kernel.js";
import { readSections } from "./read-sections.js";
import { understood } from "./understood.js";

/**
 * Functions are read in one pass: what ftrace can trace, what kprobes must not touch, then kallsyms, whose functions are printed with `-`
 * where ftrace knows others but not them, or kprobes refuse them, and `+` else. Cold halves, and the paddings and type hashes before
 * functions, are no places to attach to.
 */
const script = [
  "t=/sys/kernel/tracing; [ -d $t/events ] || t=/sys/kernel/debug/tracing",
  "say config; zcat /proc/config.gz || cat /boot/config-$(uname -r)",
  "say formats; awk 'FNR == 1 { print \"\\035\" FILENAME } { print }' $t/events/*/*/format",
  "say functions; [ -e $t/kprobe_events ] && { cat $t/available_filter_functions; echo =; " +
    "cat /sys/kernel/debug/kprobes/blacklist; echo =; cat /proc/kallsyms; } | awk '" +
    '$0 == "=" { part++; next } !part { traceable[$1]; known = 1; next } part == 1 { refused[$2]; next } ' +
    "$2 ~ /^[tTwW]$/ && $3 !~ /\\.cold(\\.|$)|^__(pfx|cfi|kcfi_typeid)_/ " +
    '{ print (($3 in refused) || known && !($3 in traceable) ? "-" : "+") $3, $4 }\'',
].join("; ");

/** Asks a host what its kernel lets be traced; recorded, so that a case carries it. */
export async function takeKernelSnapshot(host: Host): Promise<KernelSnapshot> {
  const said = await readSections(host, "kernel", script, [], {}, { gzip: true, deadlineSeconds: 60 });
  return understood(host.name, "what can be traced", () => parseKernelSnapshot(said));
}
