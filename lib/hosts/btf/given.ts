import { open } from "node:fs/promises";
import { type Layouts, parseBtf } from "../../btf/index.js";
import { reasonOf, SkbookError } from "../../errors/index.js";
import { btfSection } from "./elf.js";

/** Files on this machine with a host's BTF: the path of vmlinux's, or that and those of modules by name. */
export type BtfFiles = string | { vmlinux: string; modules?: Record<string, string> };

/** BTF that the user gave for a host, read and checked. */
export interface GivenBtf {
  path: string;
  vmlinux: Uint8Array;
  modules: ReadonlyMap<string, Uint8Array>;
}

/** What a kernel may make of sk_buff: 184 to 264 bytes where it was looked at. */
const socketBuffer = { atLeast: 128, atMost: 1024 };
const maxBytes = 64 * 2 ** 20;

/**
 * Reads the files and looks whether they are a kernel's BTF.
 *
 * @throws SkbookError `BTF_UNREADABLE`, `BTF_MISMATCH`, `BIG_ENDIAN`.
 */
export async function readGiven(files: BtfFiles): Promise<GivenBtf> {
  const { vmlinux: path, modules = {} } = typeof files === "string" ? { vmlinux: files } : files;
  const vmlinux = await readFrom(path);
  checkKernel(
    named(path, () => parseBtf(vmlinux)),
    path,
  );
  const read = new Map<string, Uint8Array>();
  for (const [name, modulePath] of Object.entries(modules)) {
    const bytes = await readFrom(modulePath);
    named(modulePath, () => parseBtf(vmlinux, { [name]: bytes }));
    read.set(name, bytes);
  }
  return { path, vmlinux, modules: read };
}

async function readFrom(path: string): Promise<Uint8Array> {
  const file = await open(path).catch((error) => {
    throw notGiven(path, reasonOf(error), "give the path of a file on this machine that can be read");
  });
  try {
    const { size } = await file.stat();
    const section = await btfSection(file);
    if (section !== null) return section;
    if (size > maxBytes) throw notGiven(path, `it has ${size} bytes and no .BTF section`, rawBtf);
    const bytes = await file.readFile();
    const packer = packerOf(bytes);
    if (packer !== null) throw notGiven(path, `it is packed with ${packer}`, `unpack it: ${packer} -d`);
    return bytes;
  } catch (error) {
    throw error instanceof SkbookError ? error : notGiven(path, reasonOf(error), rawBtf);
  } finally {
    await file.close();
  }
}

const rawBtf = "give raw BTF, as /sys/kernel/btf/vmlinux has it, or an ELF file with a .BTF section";

/** Archives of BTF keep it packed. */
function packerOf(bytes: Buffer): string | null {
  const begin = bytes.toString("latin1", 0, 6);
  if (begin.startsWith("\x1f\x8b")) return "gzip";
  if (begin.startsWith("\xfd7zXZ")) return "xz";
  return begin.startsWith("\x28\xb5\x2f\xfd") ? "zstd" : null;
}

/** Names the file in what is said of its bytes. */
function named(path: string, parse: () => Layouts): Layouts {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SkbookError)) throw error;
    const { code, failed, todo } = error;
    throw new SkbookError({ code, tried: `read BTF from ${path}`, failed, todo, cause: error });
  }
}

function checkKernel(layouts: Layouts, path: string): void {
  const size = layouts.size("sk_buff");
  const missing = ["sk_buff", "task_struct"].filter((name) => !layouts.has(name));
  const todo = "give the BTF of the kernel itself that the host runs, with all of its types";
  if (missing.length > 0) throw notGiven(path, `it has no ${missing.join(" and no ")}`, todo);
  if (size !== null && (size < socketBuffer.atLeast || size > socketBuffer.atMost)) {
    throw notGiven(path, `its sk_buff has ${size} bytes, as no kernel's`, todo);
  }
}

function notGiven(path: string, failed: string, todo: string): SkbookError {
  return new SkbookError({ code: "BTF_UNREADABLE", tried: `read BTF from ${path}`, failed, todo });
}
