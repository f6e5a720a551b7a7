import { SkbookError } from "../errors/index.js";
import { type Host, readSections } from "../hosts/index.js";
import { attachPoint, textOf } from "./text/bpf.js";

/** The process in whose C library the functions are that a probe attaches to. */
export interface OfProcess {
  /** Its number. */
  process: number;
  /** Whether other processes that run the same file may be stopped at these functions, too. */
  others: boolean;
}

/** A file that a process runs code of, by the place where it has it in its memory: `/proc/PID/map_files` leads there, whatever it is called, in whichever namespace. */
export class MappedFile {
  constructor(
    readonly process: number,
    readonly from: bigint,
    readonly to: bigint,
    /** The process has a mount namespace of its own, which bpftrace would look for the file in. */
    readonly isElsewhere: boolean,
  ) {}

  /** bpftrace's words for a function of it: made of numbers, never of what a host calls its files. */
  hook(kind: "uprobe" | "uretprobe", name: string): string {
    const [from, to] = [this.from, this.to].map((address) => address.toString(16));
    return textOf(attachPoint(`${kind}:/proc/${this.process}/map_files/${from}-${to}:${name}`));
  }
}

/** Names of files may have any bytes, those between sections too. bpftrace 0.17 says nothing of a function that a file doesn't have: the last one of glibc's is looked for. A device that is mapped may have no end. */
const script =
  "say exe; readlink /proc/$1/exe | tr -d '\\036\\037'; say maps; grep ' r-xp ' /proc/$1/maps | tr -d '\\036\\037'; " +
  "say named; grep ' r-xp ' /proc/$1/maps | while read -r range rest; do " +
  "[ -f /proc/$1/map_files/$range ] && grep -qF pthread_rwlock_wrlock /proc/$1/map_files/$range && echo $range; done; " +
  'say elsewhere; [ "$(readlink /proc/$1/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ] || echo yes';

/** Where the functions of pthreads are: in a library of their own before glibc 2.34, else in the C library, or in the program, where it is linked statically. */
const libraries = [/^libpthread[-.]/, /^(?:libc[-.]|ld-musl)/];

/**
 * Looks up where a process has the functions of pthreads.
 *
 * @throws SkbookError `NO_SUCH_PROCESS`; `HOOK_MISSING` where it has none that are named.
 */
export async function cLibraryOf(host: Host, process: number): Promise<MappedFile> {
  const said = await readSections(host, "library", script, [String(process)]);
  const { maps = "", exe = "", named = "", elsewhere } = said;
  const tried = `look up the C library of process ${process} on ${host.name}; nothing was attached`;
  if (maps.trim() === "") {
    throw new SkbookError({
      code: "NO_SUCH_PROCESS",
      tried,
      failed: "there is no such process, it is a thread of the kernel, or its memory can't be looked at",
      todo: "give the number of a process that runs, as `ps -e` shows it; its own threads have other numbers",
    });
  }
  const withNames = new Set(named.split("\n"));
  const all = maps.split("\n").flatMap((line): { file: MappedFile; path: string }[] => {
    const [, from, to, path] =
      /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) r-xp \S+ \S+ \d+ +(\/.*)$/.exec(line) ?? [];
    if (from === undefined || to === undefined || path === undefined) return [];
    if (!withNames.has(`${from}-${to}`)) return [];
    const file = new MappedFile(process, BigInt(`0x${from}`), BigInt(`0x${to}`), elsewhere === "yes");
    return [{ file, path }];
  });
  const called = (pattern: RegExp) =>
    all.find(({ path }) => pattern.test(path.slice(path.lastIndexOf("/") + 1)));
  const [own, inC] = libraries.map(called);
  const found = own ?? inC ?? all.find(({ path }) => path === exe.trim());
  if (found !== undefined) return found.file;
  throw new SkbookError({
    code: "HOOK_MISSING",
    tried,
    failed: "neither a library of it nor its program has functions of pthreads that are named",
    todo: "ask futexSummary, which needs none: a program that is linked statically and stripped, or has no C library, has no such names",
  });
}
