import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { tlsHandshakes } from "../../lib/analyses/index.js";
import { openCapture, packets } from "../../lib/captures/index.js";
import { live, record, replay } from "../../lib/cases/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "./ask.js";
import { corpus } from "./corpus.js";

const columns =
  "sni, version, cipher, alpn_offered, alpn, hello_retry, outcome, alerts, server_hello_ns > 0 AS answered, handshake_ns > server_hello_ns AS finished";
const { PATH } = process.env;
afterEach(() => {
  process.env.PATH = PATH;
  live();
});

describeLive("TLS handshakes as OpenSSL makes them", ["root", "namespaces", "dumpcap", "openssl"], () => {
  const namespace = `sktls${process.pid}`;
  const inside = ["nsenter", `--net=/run/netns/${namespace}`];
  let folder: string;
  let path: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
    path = join(folder, "tls.pcapng");
    execFileSync("ip", ["netns", "add", namespace]);
    // Small packets: every hello takes several.
    execFileSync("ip", ["-n", namespace, "link", "set", "lo", "mtu", "400", "up"]);
    const [key, certificate] = [join(folder, "key"), join(folder, "certificate")];
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a.example"];
    execFileSync("openssl", [...request, "-keyout", key, "-out", certificate], { stdio: "ignore" });
    const tracer = run("dumpcap", "-q", "-i", "lo", "-w", path);
    await once(tracer.stderr as NonNullable<ChildProcess["stderr"]>, "data");
    await sleep(500);
    const handshake = async (server: string[], client: string[]) => {
      const listening = ["-accept", "4433", "-cert", certificate, "-key", key, "-naccept", "1"];
      const serving = run("openssl", "s_server", ...listening, ...server);
      const served = once(serving, "exit");
      await once(serving.stdout as NonNullable<ChildProcess["stdout"]>, "data");
      const asking = run(
        "openssl",
        "s_client",
        "-connect",
        "127.0.0.1:4433",
        "-servername",
        "a.example",
        ...client,
      );
      const asked = once(asking, "exit");
      // s_client ends with its input, s_server after one connection.
      await sleep(300);
      asking.stdin?.end();
      await asked;
      serving.kill("SIGTERM");
      await served;
    };
    await handshake(["-alpn", "http/1.1"], ["-alpn", "h2,http/1.1"]);
    await handshake(["-groups", "P-256"], ["-groups", "X25519:P-256"]);
    await handshake(["-tls1_2", "-alpn", "http/1.1"], ["-alpn", "h2,http/1.1"]);
    await handshake(["-tls1_3"], ["-tls1_2"]);
    await handshake([], ["-verify_return_error", "-verify", "1"]);
    await sleep(700);
    const traced = once(tracer, "exit");
    tracer.kill("SIGTERM");
    await traced;
  });
  afterAll(() => {
    execFileSync("ip", ["netns", "del", namespace]);
    rmSync(folder, { recursive: true });
  });

  function run(program: string, ...args: string[]): ChildProcess {
    const [file = "", ...rest] = [...inside, program, ...args];
    return spawn(file, rest, { stdio: ["pipe", "pipe", "pipe"] });
  }

  const thirteen = ["a.example", "TLS 1.3", "TLS_AES_256_GCM_SHA384"];
  const rest = ["complete", null, true, true];
  const wanted = [
    [...thirteen, "h2,http/1.1", null, false, ...rest],
    [...thirteen, null, null, true, ...rest],
    [
      ...["a.example", "TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
      ...["h2,http/1.1", "http/1.1", false, ...rest],
    ],
    ["a.example", null, null, null, null, false, "alert", "server fatal: protocol version", null, null],
    [...thirteen, null, null, false, "alert", "client fatal: unknown ca", true, null],
  ];

  it("say what was agreed on, how long it took, and where it ended", async () => {
    const capture = await openCapture(path);
    expect(await rowsOf(tlsHandshakes(capture), `SELECT ${columns} FROM this`)).toEqual(wanted);
    const hello = "SELECT count(*) FROM this WHERE tcp_stream = 0 AND src_port <> 4433 AND tcp_len_bytes > 0";
    const [[segments]] = (await rowsOf(packets(capture), hello)) as [[number]];
    expect(segments).toBeGreaterThan(2);
  });

  it("are the same in a replay", async () => {
    const kept = join(folder, "case");
    await record(kept);
    await tlsHandshakes(await openCapture(path));
    process.env.PATH = "/nonexistent";
    await replay(kept);
    expect(await rowsOf(tlsHandshakes(await openCapture(path)), `SELECT ${columns} FROM this`)).toEqual(
      wanted,
    );
  });

  it("stay visible where the capture has lost a later packet, and claim no end that it may have missed", async () => {
    const capture = await openCapture(path);
    // The third packet of the server's flight in the first connection; all of the client's but its hello in the third.
    const lost = await rowsOf(
      packets(capture),
      `SELECT frame FROM this WHERE tcp_len_bytes > 0 AND (
        (tcp_stream = 0 AND src_port = 4433 AND tcp_seq > 700 AND tcp_seq < 1400)
        OR (tcp_stream = 2 AND dst_port = 4433
          AND frame > (SELECT min(frame) FROM this WHERE tcp_stream = 2 AND src_port = 4433 AND tcp_len_bytes > 0)))`,
    );
    const torn = join(folder, "torn.pcapng");
    execFileSync("editcap", [path, torn, ...lost.map(([frame]) => String(frame))]);
    const rows = await rowsOf(
      tlsHandshakes(await openCapture(torn)),
      "SELECT sni, version, outcome FROM this ORDER BY frame",
    );
    expect(rows).toEqual([
      ["a.example", "TLS 1.3", "complete"],
      ["a.example", "TLS 1.3", "complete"],
      ["a.example", "TLS 1.2", null],
      ["a.example", null, "alert"],
      ["a.example", "TLS 1.3", "alert"],
    ]);
  });
});

describe.skipIf(corpus === undefined)("TLS handshakes of known captures", () => {
  const open = (name: string) => openCapture(join(corpus as string, name));

  it("are found in a tunnel", async () => {
    const rows = await rowsOf(
      tlsHandshakes(await open("zeek_geneve-47101.pcap")),
      "SELECT flow, sni, version, cipher, alpn, outcome, server_hello_ns FROM this",
    );
    expect(rows).toEqual([
      [
        ...["tcp 0 0x001092", "www.kernel.org", "TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
        ...["http/1.1", "complete", 240_000],
      ],
    ]);
  });

  it("are open where the capture ends before them", async () => {
    const query = "SELECT sni, outcome, server_hello_ns, handshake_ns FROM this";
    expect(await rowsOf(tlsHandshakes(await open("pcpp_many_interfaces-1.pcapng")), query)).toEqual([
      ["clients6.google.com", "complete", 26_864_000, 27_102_000],
      ["clients6.google.com", "open", null, null],
    ]);
  });
});
