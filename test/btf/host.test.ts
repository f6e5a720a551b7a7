import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseBtf } from "../../lib/btf/index.js";
import { readBtf } from "../../lib/hosts/btf/read.js";
import { connect, type Host, live, localhost, record, replay } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import { BtfWriter, kernelBtf } from "./writer.js";

const vmlinux = "/sys/kernel/btf/vmlinux";

/** Counts what is started on a host. */
function counted(host: Host): { host: Host; commands: string[][] } {
  const commands: string[][] = [];
  const start = host.start.bind(host);
  host.start = (command, options) => {
    commands.push([...command]);
    return start(command, options);
  };
  return { host, commands };
}

const aboutBtf = (commands: string[][]) => commands.filter((command) => command[4]?.startsWith("/"));

describeLive("BTF over SSH", ["sshd"], () => {
  const folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
  const btfOf = join(folder, "btf");
  const kernel = kernelBtf();
  const module = new BtfWriter(kernel);
  module.struct("tun_file", 64, [{ name: "queue_index", type: 1, bits: 96 }]);
  let sshd: Sshd;
  let bare: Sshd;
  beforeAll(async () => {
    mkdirSync(btfOf);
    writeFileSync(join(btfOf, "vmlinux"), kernel.bytes());
    writeFileSync(join(btfOf, "tun"), module.bytes());
    sshd = await startSshd();
    bare = await startSshd({ lines: () => [`SetEnv PATH=${withoutGzip()}`] });
  });
  afterAll(() => {
    sshd?.stop();
    bare?.stop();
    rmSync(folder, { recursive: true });
    live();
  });

  /** All that commands need, but for gzip. */
  function withoutGzip(): string {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const from of ["/bin", "/usr/bin"])
      for (const name of readdirSync(from))
        try {
          if (!/gzip/.test(name)) symlinkSync(join(from, name), join(bin, name));
        } catch {
          // In both folders.
        }
    return bin;
  }

  const cache = () => join(process.env.XDG_CACHE_HOME as string, "skbook", "btf");
  const connected = async (to: Sshd, options = {}) => connect(to.destination, { ...to.options, ...options });

  test("files that are asked for come in one command, and are not sent again", async () => {
    const { host, commands } = counted(await connected(sshd));
    const first = await readBtf(host, ["vmlinux", "tun", "none"], btfOf);
    expect(commands).toHaveLength(1);
    expect(Buffer.from(first.get("vmlinux") ?? []).equals(kernel.bytes())).toBe(true);
    expect(Buffer.from(first.get("tun") ?? []).equals(module.bytes())).toBe(true);
    expect(first.get("none")).toBeNull();
    const second = await readBtf(host, ["vmlinux", "tun"], btfOf);
    expect(commands[1]?.[5]).toMatch(/^vmlinux=[0-9a-f]{64}/);
    expect(second.get("tun")).toEqual(first.get("tun"));
    expect(statSync(cache()).mode & 0o777).toBe(0o700);
    await host.close();
  });

  test("what was kept and is no longer what it was is read again", async () => {
    const host = await connected(sshd);
    await readBtf(host, ["tun"], btfOf);
    const [name = ""] = readdirSync(cache()).filter((entry) => entry.startsWith("tun-"));
    writeFileSync(join(cache(), name), "something else");
    const again = await readBtf(host, ["tun"], btfOf);
    expect(Buffer.from(again.get("tun") ?? []).equals(module.bytes())).toBe(true);
    expect(readFileSync(join(cache(), name)).equals(module.bytes())).toBe(true);
    await host.close();
  });

  test("a host without gzip sends it as it is", async () => {
    const host = await connected(bare);
    expect((await host.exec(["sh", "-c", "command -v gzip"])).exitCode).not.toBe(0);
    rmSync(cache(), { recursive: true, force: true });
    const { start } = host;
    const read = await readBtf(host, ["vmlinux", "tun"], btfOf);
    expect(start).toBe(host.start);
    expect(Buffer.from(read.get("vmlinux") ?? []).equals(kernel.bytes())).toBe(true);
    expect(Buffer.from(read.get("tun") ?? []).equals(module.bytes())).toBe(true);
    await host.close();
  });

  test("what is no module's name never gets to the host", async () => {
    const { host, commands } = counted(await connected(sshd));
    await expect(readBtf(host, ["../../etc/shadow"], btfOf)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    expect(commands).toHaveLength(0);
    await host.close();
  });

  test("a file that was given wins, with its modules; its name is compared with the kernel that runs", async () => {
    const path = join(folder, "4.19.0-18-amd64.btf");
    writeFileSync(path, kernel.bytes());
    const btf = { vmlinux: path, modules: { tun: join(btfOf, "tun") } };
    const { host, commands } = counted(await connected(sshd, { btf }));
    const answer = await host.btf({ modules: ["tun", "vhost"] });
    expect(answer).toMatchObject({ source: "file", missing: ["vhost"] });
    expect(answer?.layouts.field("tun_file.queue_index")?.offset).toBe(12);
    expect(answer?.notes).toEqual([expect.stringContaining("named after kernel 4.19.0-18-amd64")]);
    expect(aboutBtf(commands)).toEqual([]);
    await host.close();
  });

  test("a replayed host has none", async () => {
    const path = join(folder, "case");
    await record(path);
    const host = await connected(sshd);
    await host.snapshot();
    await host.close();
    await replay(path);
    const replayed = await connect(sshd.destination, { btf: join(folder, "not-there") });
    expect(await replayed.btf()).toBeNull();
    live();
    expect(await replayed.btf()).toBeNull();
  });
});

describeLive("the running kernel's BTF", ["sshd", "btf"], () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd?.stop());

  test("is read once, and a second connection asks for nothing", async () => {
    const { host, commands } = counted(await connect(sshd.destination, sshd.options));
    const read = await host.btf();
    expect(read).toMatchObject({ source: "host", missing: [], notes: [] });
    expect(read?.layouts.size("sk_buff")).toBe(parseBtf(readFileSync(vmlinux)).size("sk_buff"));
    expect((await host.btf())?.layouts).toBe(read?.layouts);
    expect(aboutBtf(commands)).toHaveLength(1);
    await host.close();
    const next = counted(await connect(sshd.destination, sshd.options));
    expect((await next.host.btf())?.layouts.field("sk_buff.head")).toEqual(
      read?.layouts.field("sk_buff.head"),
    );
    expect(aboutBtf(next.commands)).toEqual([]);
    await next.host.close();
  });

  test("modules without BTF are told, once per connection", async () => {
    const { host, commands } = counted(await connect(sshd.destination, sshd.options));
    const [first, second] = await Promise.all([
      host.btf({ modules: ["no_such_module"] }),
      host.btf({ modules: ["no_such_module"] }),
    ]);
    expect([first?.missing, second?.missing]).toEqual([["no_such_module"], ["no_such_module"]]);
    expect(aboutBtf(commands)).toHaveLength(1);
    host.forget();
    await host.btf({ modules: ["no_such_module"] });
    expect(aboutBtf(commands)).toHaveLength(2);
    await host.close();
  });

  test("this machine's own is read in the same way", async () => {
    const read = await localhost().btf();
    expect(read?.layouts.size("task_struct")).toBe(parseBtf(readFileSync(vmlinux)).size("task_struct"));
  });
});
