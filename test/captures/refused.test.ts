import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { flows } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { connect } from "../../lib/index.js";
import { generateCapture } from "../bench/generate-capture.js";
import { startFlakyProxy } from "../fixtures/flaky-proxy.js";
import { describeLive } from "../fixtures/needs.js";
import { startSshd } from "../fixtures/sshd.js";

let folder: string;
let path: string;
const { PATH } = process.env;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
  path = join(folder, "some.pcap");
  generateCapture(path, 100_000);
});
afterEach(() => {
  process.env.PATH = PATH;
});
afterAll(() => rmSync(folder, { recursive: true }));

describeLive("a connection that breaks", ["sshd", "tshark"], () => {
  it("while a file is looked for is not taken for what the host says of the file", async () => {
    const slow = await startSshd({ lines: () => ['ForceCommand sleep 2; eval "$SSH_ORIGINAL_COMMAND"'] });
    const proxy = await startFlakyProxy(slow);
    try {
      const host = await connect(proxy.destination, proxy.options);
      const opening = openCapture({ host, path });
      setTimeout(() => proxy.cut(), 1_000);
      await expect(opening).rejects.toMatchObject({ code: "CONNECTION_LOST" });
      await host.close();
    } finally {
      proxy.close();
      slow.stop();
    }
  });
});

describeLive("tcpdump that may not read the file", ["root", "tshark"], () => {
  it("is told apart from a bad filter", async () => {
    chmodSync(path, 0o600);
    const bin = join(folder, "bin");
    mkdirSync(bin);
    const script = '#!/bin/sh\nexec setpriv --reuid=65534 --clear-groups /usr/bin/tcpdump "$@"\n';
    writeFileSync(join(bin, "tcpdump"), script, { mode: 0o755 });
    const capture = await openCapture(path);
    process.env.PATH = `${bin}:${PATH}`;
    await expect(flows(capture, { bpf: "tcp" })).rejects.toMatchObject({ code: "NO_PERMISSION" });
    process.env.PATH = PATH;
    await expect(flows(capture, { bpf: "tpc" })).rejects.toMatchObject({ code: "BAD_FILTER" });
  });
});
