import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { readGiven } from "../../lib/hosts/btf/given.js";
import { releaseNote } from "../../lib/hosts/btf/release.js";
import { connect } from "../../lib/index.js";
import { elfWith } from "./elf.js";
import { BtfWriter, kernelBtf } from "./writer.js";

const folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(bytes: Uint8Array): string {
  files += 1;
  const path = join(folder, String(files));
  writeFileSync(path, bytes);
  return path;
}

const kernel = kernelBtf();
const module = new BtfWriter(kernel);
module.struct("tun_file", 64, [{ name: "queue_index", type: 1, bits: 96 }]);

test("raw BTF and an ELF file with it are read alike", async () => {
  const raw = await readGiven(file(kernel.bytes()));
  const elf = await readGiven({ vmlinux: file(elfWith(".BTF", kernel.bytes())) });
  expect(Buffer.from(elf.vmlinux).equals(raw.vmlinux)).toBe(true);
});

test("modules are read beside it", async () => {
  const given = await readGiven({
    vmlinux: file(kernel.bytes()),
    modules: { tun: file(elfWith(".BTF", module.bytes())) },
  });
  expect([...given.modules.keys()]).toEqual(["tun"]);
});

function withoutSocketBuffer(): Buffer {
  const btf = new BtfWriter();
  btf.struct("task_struct", 64, []);
  return btf.bytes();
}

function withSocketBufferOf(size: number): Buffer {
  const btf = new BtfWriter();
  btf.struct("task_struct", 64, []);
  btf.struct("sk_buff", size, []);
  return btf.bytes();
}

test.each([
  ["no file", () => join(folder, "none"), /ENOENT/],
  ["a folder", () => folder, /EISDIR/],
  ["text", () => file(Buffer.from("no BTF at all, but some text")), /begins with/],
  ["a packed file", () => file(gzipSync(kernel.bytes())), /packed with gzip/],
  ["an ELF file without BTF", () => file(elfWith(".data", kernel.bytes())), /begins with/],
  [
    "an ELF file that is cut short",
    () => file(elfWith(".BTF", kernel.bytes()).subarray(0, 100)),
    /begins with/,
  ],
  ["half a file", () => file(kernel.bytes().subarray(0, 100)), /header speaks of more/],
  ["a module's alone", () => file(module.bytes()), /of a module/],
  ["that of something else", () => file(withoutSocketBuffer()), /no sk_buff/],
  ["a strange sk_buff", () => file(withSocketBufferOf(8)), /sk_buff has 8 bytes/],
])("%s is refused, by its path, before anything is connected", async (_, path, why) => {
  const call = connect("root@192.0.2.1", { config: false, btf: path() });
  await expect(call).rejects.toMatchObject({ code: "BTF_UNREADABLE" });
  await expect(call).rejects.toThrow(why);
  await expect(call).rejects.toThrow(folder);
});

test("a module of another kernel is refused", async () => {
  const other = new BtfWriter();
  other.struct("list", 8, []);
  const foreign = new BtfWriter(other);
  foreign.struct("head", 16, []);
  foreign.struct("list", 8, []);
  const call = readGiven({ vmlinux: file(kernel.bytes()), modules: { tun: file(foreign.bytes()) } });
  await expect(call).rejects.toMatchObject({ code: "BTF_MISMATCH" });
});

test.each([
  ["/btf/debian/10/x86_64/4.19.0-18-amd64.btf", "4.19.0-18-amd64", null],
  ["/usr/lib/debug/lib/modules/4.18.0-348.el8.x86_64/vmlinux", "4.18.0-348.el8.x86_64", null],
  ["vmlinux-5.4.0-91-generic", "5.4.0-91-generic", null],
  ["kernel.btf", "4.19.0-18-amd64", null],
  ["/btf/4.19.0-18-amd64.btf", undefined, null],
  [
    "/btf/4.19.0-18-amd64.btf",
    "4.19.0-20-amd64",
    "named after kernel 4.19.0-18-amd64, h1 runs 4.19.0-20-amd64",
  ],
  ["/btf/ubuntu/18.04/4.15.0-20-generic.btf", "4.15.0-21-generic", "named after kernel 4.15.0-20-generic"],
])("%s for a host that runs %s", (path, running, note) => {
  const said = releaseNote(path, "h1", running);
  if (note === null) expect(said).toBeNull();
  else expect(said).toContain(note);
});
