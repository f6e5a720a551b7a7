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

/** Names of files may have any bytes, those between sections too. */
const script =
  "say exe; readlink /proc/$1/exe | tr -d '\\036\\037'; say maps; grep ' r-xp ' /proc/$1/maps | tr -d '\\036\\037'; " +
  'say elsewhere; [ "$(readlink /proc/$1/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ] || echo yes';

/** Where the functions of pthreads are: in a library of their own before glibc 2.34, else in the C library, or in the program, where it is linked statically. */
const libraries = [/^libpthread[-.]/, /^(?:libc[-.]|ld-musl)/];

/**
 * Looks up where a process has its C library.
 *
 * @throws SkbookError `NO_SUCH_PROCESS`
 */
export async function cLibraryOf(host: Host, process: number): Promise<MappedFile> {
  const { maps = "", exe = "", elsewhere } = await readSections(host, "library", script, [String(process)]);
  const all = maps.split("\n").flatMap((line): { file: MappedFile; path: string }[] => {
    const [, from, to, path] =
      /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) r-xp \S+ \S+ \d+ +(\/.*)$/.exec(line) ?? [];
    if (from === undefined || to === undefined || path === undefined) return [];
    return [
      { file: new MappedFile(process, BigInt(`0x${from}`), BigInt(`0x${to}`), elsewhere === "yes"), path },
    ];
  });
  const named = (pattern: RegExp) =>
    all.find(({ path }) => pattern.test(path.slice(path.lastIndexOf("/") + 1)));
  const [own, inC] = libraries.map(named);
  const found = own ?? inC ?? all.find(({ path }) => path === exe.trim());
  if (found !== undefined) return found.file;
  throw new SkbookError({
    code: "NO_SUCH_PROCESS",
    tried: `look up the C library of process ${process} on ${host.name}; nothing was attached`,
    failed: "there is no such process, it is a thread of the kernel, or its memory can't be looked at",
    todo: "give the number of a process that runs, as `ps -e` shows it; its own threads have other numbers",
  });
}
