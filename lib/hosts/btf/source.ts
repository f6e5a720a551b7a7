import { type Layouts, parseBtf } from "../../btf/index.js";
import type { Host } from "../host.js";
import type { GivenBtf } from "./given.js";
import type { HostBtf } from "./host-btf.js";
import { type BtfBytes, readBtf } from "./read.js";
import { releaseNote } from "./release.js";

/** What was read, and what was made of it, by the modules that were asked for. */
const nothing = () => ({ bytes: new Map() as BtfBytes, parsed: new Map<string, Layouts>() });

/** BTF of one host, each file taken once per connection. */
export class BtfSource {
  private known = nothing();
  /** One at a time: the next one finds what this one brought. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly host: Host,
    private readonly given: GivenBtf | undefined,
  ) {}

  get(modules: readonly string[]): Promise<HostBtf | null> {
    const result = this.turn.then(() => this.take([...new Set(modules)].sort()));
    this.turn = result.catch(() => {});
    return result;
  }

  /** What was missing may be there the next time; the kernel may be another one. */
  forget(): void {
    this.known = nothing();
  }

  private async take(modules: readonly string[]): Promise<HostBtf | null> {
    const { known } = this;
    const bytes = await this.read(known.bytes, modules);
    const vmlinux = bytes.get("vmlinux") ?? null;
    if (vmlinux === null) return null;
    const there = modules.filter((name) => (bytes.get(name) ?? null) !== null);
    const key = there.join(" ");
    const layouts =
      known.parsed.get(key) ??
      parseBtf(vmlinux, Object.fromEntries(there.map((name) => [name, bytes.get(name) as Uint8Array])));
    known.parsed.set(key, layouts);
    return {
      layouts,
      source: this.given === undefined ? "host" : "file",
      missing: modules.filter((name) => !there.includes(name)),
      notes: await this.notes(),
    };
  }

  private async read(bytes: BtfBytes, modules: readonly string[]): Promise<BtfBytes> {
    if (this.given !== undefined) return new Map([["vmlinux", this.given.vmlinux], ...this.given.modules]);
    const wanted = ["vmlinux", ...modules].filter((name) => !bytes.has(name));
    if (wanted.length > 0) {
      for (const [name, read] of await readBtf(this.host, wanted)) bytes.set(name, read);
    }
    return bytes;
  }

  private async notes(): Promise<string[]> {
    if (this.given === undefined) return [];
    const { kernel } = await this.host.snapshot();
    const note = releaseNote(this.given.path, this.host.name, kernel);
    return note === null ? [] : [note];
  }
}
