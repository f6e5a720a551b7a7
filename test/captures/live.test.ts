import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { findings, flows } from "../../lib/analyses/index.js";
import { capture, openCapture, packets } from "../../lib/captures/index.js";
import { connect, localhost, ownConnection } from "../../lib/hosts/index.js";
import { missing } from "../fixtures/needs.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { startSshd } from "../fixtures/sshd.js";

const root = process.getuid?.() === 0;
if (!root) console.warn("LEFT OUT: live captures; they need root");

const folder = ownFolder();

const cell: unique symbol = Symbol.for("skbook.cell") as never;
afterEach(() => {
  delete (globalThis as { [cell]?: unknown })[cell];
});

const port = 47_019;

/** Sends datagrams to a port that nobody listens on; each is answered by an ICMP error. */
async function send(count: number): Promise<void> {
  const socket = createSocket("udp4");
  for (let sent = 0; sent < count; sent++) {
    await new Promise<void>((resolve, reject) => {
      socket.send(`datagram ${sent}`, port, "127.0.0.1", (error) => (error ? reject(error) : resolve()));
    });
  }
  socket.close();
}

function running(argument: string): string {
  return execFileSync("sh", [
    "-c",
    `ps -eo args | grep -F -e "$1" | grep -v grep || true`,
    "sh",
    argument,
  ]).toString();
}

describe.skipIf(!root)("capture", () => {
  it("brings back every packet of what runs while it listens", async () => {
    const path = join(folder, "live.pcap");
    const made = await capture(localhost(), {
      device: "lo",
      filter: `udp port ${port}`,
      saveAs: path,
      during: () => send(1000),
    });
    expect(made.facts).toMatchObject({ packets: 1000, partial: false });
    expect(made.provenance).toMatchObject({
      source: "capture",
      host: "localhost",
      lost: 0,
      truncated: false,
    });
    const opened = await openCapture(path);
    expect(opened.facts.packets).toBe(1000);
    const [flow] = (
      await (await flows(made)).sql("SELECT transport, server, server_port, client_packets FROM this")
    ).values;
    expect(flow).toEqual(["udp", "127.0.0.1", port, 1000]);
  });

  it("uses tcpdump where dumpcap is missing", async () => {
    const bin = join(folder, "bin");
    await mkdir(bin);
    const programs = (await readdir("/usr/bin")).filter((name) => name !== "dumpcap");
    await Promise.all(programs.map((name) => symlink(join("/usr/bin", name), join(bin, name))));
    const path = process.env.PATH;
    process.env.PATH = bin;
    try {
      const filter = `udp port ${port}`;
      const made = await capture(localhost(), { device: "lo", filter, during: () => send(1000) });
      expect(made.provenance.details.command).toContain("--nano");
      expect(made.facts.packets + Number(made.provenance.lost)).toBe(1000);
      await expect(capture(localhost(), { device: "nosuch0" })).rejects.toMatchObject({
        code: "UNKNOWN_DEVICE",
      });
      const typo = { device: "lo", filter: "udp prot 1" };
      await expect(capture(localhost(), typo)).rejects.toMatchObject({ code: "BAD_FILTER" });
    } finally {
      process.env.PATH = path;
      await rm(bin, { recursive: true });
    }
  });

  it("keeps the ICMP errors beside the packets they quote", async () => {
    const filter = `udp port ${port} or icmp`;
    const made = await capture(localhost(), { device: "any", filter, during: () => send(1) });
    const frame = await (await packets(made)).sql(
      "SELECT DISTINCT icmp_type, icmp_code, quoted_udp_stream FROM this WHERE transport = 'icmp'",
    );
    expect(frame.values).toEqual([[3, 3, 0]]);
  });

  it("listens on several devices at once, and tells them apart", async () => {
    const made = await capture(localhost(), {
      device: ["lo", "any"],
      filter: `udp port ${port}`,
      during: () => send(5),
    });
    const counted = await (await packets(made)).sql(
      "SELECT interface, count(*) FROM this GROUP BY ALL ORDER BY ALL",
    );
    expect(counted.values).toEqual([
      [0, 5],
      [1, 5],
    ]);
  });

  it.skipIf(missing(["sshd"]).length > 0)(
    "of a host over SSH has other connections to it, and not the one that brings the packets",
    async () => {
      const sshd = await startSshd();
      const host = await connect(sshd.destination, sshd.options);
      try {
        const made = await capture(host, {
          device: "lo",
          filter: `tcp port ${sshd.port}`,
          during: async () => {
            const other = await connect(sshd.destination, sshd.options);
            await other.exec(["true"]);
            await other.close();
          },
        });
        const own = ownConnection(await host.snapshot())?.client.port ?? 0;
        const counted = await (await packets(made)).sql(
          `SELECT count(DISTINCT tcp_stream), count(*) FILTER (${own} IN (src_port, dst_port)) FROM this`,
        );
        expect(counted.values).toEqual([[1, 0]]);
        expect(made.provenance.notes).toEqual([
          expect.stringContaining(`own SSH connection (127.0.0.1 port ${own} `),
        ]);
        const typo = { device: "lo", filter: "tcp) or (udp" };
        await expect(capture(host, typo)).rejects.toMatchObject({ code: "BAD_FILTER" });
      } finally {
        await host.close();
        sshd.stop();
      }
    },
  );

  it("listens in a network namespace, all of it or the last of it", async () => {
    const netns = `skc-${process.pid}`;
    const inside = `--net=/run/netns/${netns}`;
    const ping = () => execFileSync("nsenter", [inside, "ping", "-qc3", "-i0.2", "127.0.0.9"]);
    execFileSync("ip", ["netns", "add", netns]);
    try {
      execFileSync("ip", ["-n", netns, "link", "set", "lo", "up"]);
      const asked = { device: "lo", netns, filter: "icmp and host 127.0.0.9", during: ping };
      for (const extent of [{}, { lastBytes: 2 ** 20 }]) {
        const made = await capture(localhost(), { ...asked, ...extent });
        expect([made.facts.packets, made.provenance.lost]).toEqual([6, 0]);
      }
    } finally {
      execFileSync("ip", ["netns", "del", netns]);
    }
    for (const filter of ["", "icmp"])
      await expect(capture(localhost(), { device: "lo", netns, filter })).rejects.toMatchObject({
        code: "UNKNOWN_NAMESPACE",
        tried: `capture on lo of ${netns} of localhost`,
      });
    await expect(capture(localhost(), { device: "lo", netns: "../1" })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });

  it("of all devices is sure that nobody answers the host's pings", async () => {
    const [netns, other] = [`skd-${process.pid}`, `ske-${process.pid}`];
    const ip = (...words: string[]) => execFileSync("ip", words);
    for (const name of [netns, other]) ip("netns", "add", name);
    try {
      ip("-n", netns, "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", other);
      ip("-n", other, "link", "set", "far", "up");
      ip("-n", netns, "address", "add", "192.0.2.1/24", "dev", "near");
      ip("-n", netns, "link", "set", "near", "up");
      ip("-n", netns, "neighbour", "add", "192.0.2.77", "lladdr", "02:00:00:00:00:77", "dev", "near");
      const ping = "ping -qc12 -i0.2 -W1 192.0.2.77 || true";
      const during = () => execFileSync("nsenter", [`--net=/run/netns/${netns}`, "sh", "-c", ping]);
      for (const [device, severity] of [
        ["any", "CRITICAL"],
        ["near", "INFO"],
      ] as const) {
        const made = await capture(localhost(), { device, netns, filter: "icmp", during });
        const lost = (await findings(made, { only: ["PING_LOSS"] })).get("PING_LOSS");
        expect([lost.severity, lost.certain]).toEqual([severity, severity === "CRITICAL"]);
      }
    } finally {
      for (const name of [netns, other]) ip("netns", "del", name);
    }
  });

  it("ends at the number of packets asked for, and says so", async () => {
    const made = await capture(localhost(), {
      device: "lo",
      filter: `udp port ${port}`,
      maxPackets: 7,
      during: () => send(50),
    });
    expect(made.facts.packets).toBe(7);
    expect(made.provenance.truncated).toBe(true);
  });

  it("says what is wrong, and leaves nothing behind", async () => {
    const host = localhost();
    const kept = join(folder, "kept.pcap");
    await writeFile(kept, "kept");
    const saveAs = join(folder, "new.pcap");
    const listed = await readdir(folder);
    const refused = async (options: object, code: string) =>
      expect(capture(host, { device: "lo", seconds: 3, saveAs, ...options })).rejects.toMatchObject({ code });
    await refused({ device: "nosuch0" }, "UNKNOWN_DEVICE");
    await refused({ filter: "udp prot 1" }, "BAD_FILTER");
    await refused({ seconds: 0 }, "BAD_PARAMETER");
    await refused({ second: 1 }, "BAD_PARAMETER");
    await refused({ saveAs: kept }, "FILE_EXISTS");
    await refused({ saveAs: join(folder, "none", "new.pcap") }, "WRITE_FAILED");
    const failing = { filter: "udp port 47020", during: () => Promise.reject(new Error("no traffic")) };
    await refused(failing, "DURING_FAILED");
    await refused({ ...failing, saveAs: kept, overwrite: true }, "DURING_FAILED");
    expect(await readdir(folder)).toEqual(listed);
    expect(String(await readFile(kept))).toBe("kept");
    expect(running("udp port 47020")).toBe("");
  });

  it("ends with the interrupted cell", async () => {
    const interrupt = new AbortController();
    const runningCell = { id: "cell", signal: interrupt.signal, display: () => {} };
    (globalThis as { [cell]?: unknown })[cell] = () => runningCell;
    const filter = "udp port 47021";
    const during = async () => {
      expect(running(filter)).toMatch(/dumpcap|tcpdump/);
      interrupt.abort();
      await new Promise(() => {});
    };
    await expect(capture(localhost(), { device: "lo", filter, during })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    expect(running(filter)).toBe("");
  });
});
