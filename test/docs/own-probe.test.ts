import { execa } from "execa";
import { canRun, type Frame, localhost } from "skbook";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeLive } from "../fixtures/needs.js";
import { countedInSoftirqs } from "../fixtures/softirqs.js";
import { tcpResent } from "./own-probe.js";

/** Opens connections and gives up before a third SYN. */
const caller = `const { TO, PORT, CONNECTIONS } = process.env;
for (let left = Number(CONNECTIONS); left > 0; left--) require("node:net").connect(Number(PORT), TO).on("error", () => {});
setTimeout(() => process.exit(), 2_500);`;

describeLive("the probe of the guide", ["root", "bpftrace", "tracing", "namespaces"], () => {
  const namespace = "skt-resent";
  const host = localhost();

  /** A network where nobody answers: whatever TCP sends is sent again. */
  beforeAll(async () => {
    await execa("ip", ["netns", "del", namespace], { reject: false });
    const inside = ["-n", namespace];
    const lines = [
      "link add nobody0 type veth peer name nobody1",
      "addr add 192.0.2.1/24 dev nobody0",
      "addr add 2001:db8::1/64 dev nobody0 nodad",
      "link set nobody0 up",
      "link set nobody1 up",
      "neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev nobody0",
      "neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev nobody0",
    ];
    await execa("ip", ["netns", "add", namespace]);
    for (const line of lines) await execa("ip", [...inside, ...line.split(" ")]);
  });
  afterAll(async () => {
    await execa("ip", ["netns", "del", namespace], { reject: false });
  });

  /** Opens connections from the namespace, of which nothing is heard, and gives up after some seconds; says how many packets the kernel sent again. */
  async function resent(to: string, port: number, connections: number): Promise<number> {
    const before = await counter();
    await execa("nsenter", [`--net=/run/netns/${namespace}`, process.execPath, "-e", caller], {
      env: { TO: to, PORT: String(port), CONNECTIONS: String(connections) },
    });
    return (await counter()) - before;
  }

  /** The kernel's own count, as another witness. */
  async function counter(): Promise<number> {
    const { stdout } = await execa("nsenter", [`--net=/run/netns/${namespace}`, "cat", "/proc/net/snmp"]);
    const [names = [], values = []] = stdout
      .split("\n")
      .filter((line) => line.startsWith("Tcp:"))
      .map((line) => line.split(" "));
    return Number(values[names.indexOf("RetransSegs")]);
  }

  const rows = (frame: Frame) => frame.values as (string | number | null)[][];

  test("counts as many as the kernel does, by connection", countedInSoftirqs, async () => {
    let sent = 0;
    const seen = await tcpResent(host, {
      seconds: 60,
      ip: "192.0.2.9",
      during: async () => {
        sent = await resent("192.0.2.9", 443, 3);
      },
    });
    expect(sent).toBeGreaterThanOrEqual(3);
    const counted = rows(seen).reduce((all, row) => all + Number(row.at(-1)), 0);
    expect(sent - counted, JSON.stringify(seen.provenance.details)).toBe(0);
    expect(rows(seen)).toHaveLength(3);
    for (const row of rows(seen))
      expect(row).toEqual([
        4,
        "192.0.2.1",
        expect.any(Number),
        "192.0.2.9",
        443,
        "TCP",
        "SYN_SENT",
        expect.any(Number),
      ]);
    expect(new Set(rows(seen).map((row) => row[2])).size).toBe(3);
    expect(seen.provenance).toMatchObject({ source: "tcpResent", lost: 0, partial: false });
    expect(seen.provenance.details).toMatchObject({ detached: "proved", matched: sent });
  });

  test("sees IPv6, and a filter keeps the rest out", countedInSoftirqs, async () => {
    const sent = { wanted: 0, other: 0 };
    const seen = await tcpResent(host, {
      seconds: 60,
      ip: "2001:db8::/32",
      dstPort: 443,
      during: async () => {
        [sent.wanted, sent.other] = [await resent("2001:db8::9", 443, 1), await resent("2001:db8::9", 80, 1)];
        sent.other += await resent("192.0.2.9", 443, 1);
      },
    });
    expect(sent.other).toBeGreaterThanOrEqual(2);
    expect(rows(seen)).toEqual([
      [6, "2001:db8::1", expect.any(Number), "2001:db8::9", 443, "TCP", "SYN_SENT", sent.wanted],
    ]);
  });

  test("of an IPv6 socket that sends IPv4 packets", countedInSoftirqs, async () => {
    let sent = 0;
    const seen = await tcpResent(host, {
      seconds: 60,
      src: "192.0.2.0/24",
      during: async () => {
        sent = await resent("::ffff:192.0.2.9", 8080, 1);
      },
    });
    expect(rows(seen)).toEqual([
      [4, "192.0.2.1", expect.any(Number), "192.0.2.9", 8080, "TCP", "SYN_SENT", sent],
    ]);
  });

  test("explains itself: the program, its hook, the fields that it reads, its cost", async () => {
    const listing = await tcpResent.explain(host, { seconds: 10, dstPort: 443 });
    expect(listing.attached).toContain("tracepoint:tcp:tcp_retransmit_skb");
    expect(listing.missing).toEqual([]);
    expect(listing.program).toContain("== 443");
    expect(Object.keys(listing.layout)).toContain("sock.__sk_common.skc_v6_daddr");
    expect(listing.instructions?.length).toBeGreaterThan(0);
    expect(listing.mapBytes).toBeGreaterThan(0);
  });

  test("canRun knows it", async () => {
    expect(rows(await canRun(host, tcpResent))).toEqual([["tcpResent", true, null, null, null, null]]);
  });

  test("refuses what it doesn't know", async () => {
    await expect(tcpResent(host, { seconds: 1, dstPort: 70_000 })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });
});
