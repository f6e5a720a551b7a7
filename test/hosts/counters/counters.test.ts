import { describe, expect, test } from "vitest";
import { countersOf } from "../../../lib/hosts/counters/counters.js";
import type { Table, Value } from "../../../lib/index.js";

const base = { uid: "0", own: "1", at: "100.00", "at.1": "100.00" };
const later = { ...base, at: "110.00", "at.1": "110.00" };

type Sections = Record<string, string>;

function changed(before: Sections, after: Sections): Promise<Table> {
  const reading = (sections: Sections) => ({ sections, partial: false, recordingId: null });
  return countersOf("h1", reading({ ...base, ...before }), reading({ ...later, ...after }));
}

/** Rows of the Table: source, subject, counter, unit, loss, change, change per second. */
async function counted(before: Sections, after: Sections): Promise<Value[][]> {
  const table = await changed(before, after);
  const columns = "source, subject, counter, unit, loss, change, change_per_second";
  return (await table.sql(`SELECT ${columns} FROM this`)).values as Value[][];
}

const link = (ifname: string, ifindex: number, rx: object, bits: "stats64" | "stats" = "stats64") => ({
  ...{ ifname, ifindex, [bits]: { rx, tx: {} } },
});
const links = (...all: object[]) => ({ "links.1": JSON.stringify(all) });

describe("a counter", () => {
  test("of 32 bits is counted on past its end; one that began anew is unknown", async () => {
    const line = (dropped: string, squeezed: string) =>
      `00000001 ${dropped} ${squeezed} ${"0 ".repeat(9)}00000000`;
    const rows = await counted(
      { softnet: line("fffffff0", "00000010") },
      { softnet: line("00000010", "00000001") },
    );
    expect(rows.slice(0, 2)).toEqual([
      ["softnet", "cpu 0", "dropped", "packets", true, 32, 3.2],
      ["softnet", "cpu 0", "time_squeeze", "events", false, null, null],
    ]);
  });

  test("of 64 bits that went down is unknown, even where 32 bits would explain it", async () => {
    const rows = await counted(
      links(link("eth0", 2, { dropped: 4294967290 })),
      links(link("eth0", 2, { dropped: 5 })),
    );
    expect(rows).toEqual([["link", "eth0", "rx_dropped", "packets", true, null, null]]);
    const old = (dropped: number) => links(link("eth0", 2, { dropped }, "stats"));
    expect(await counted(old(4294967290), old(5))).toEqual([
      ["link", "eth0", "rx_dropped", "packets", true, 11, 1.1],
    ]);
  });

  test("of a device that came, went, or was made anew under its name is unknown", async () => {
    const rows = await counted(
      links(link("tap0", 7, { packets: 5 }), link("tap1", 8, { packets: 5 })),
      links(link("tap1", 9, { packets: 50 }), link("tap2", 10, { packets: 1 })),
    );
    expect(rows).toEqual(
      ["tap0", "tap1", "tap1", "tap2"].map((name) => [
        "link",
        name,
        "rx_packets",
        "packets",
        false,
        null,
        null,
      ]),
    );
  });

  test("of a discipline on a device that was made anew is unknown", async () => {
    const qdiscs = {
      "qdiscs.1": JSON.stringify([{ kind: "tbf", handle: "8001:", dev: "tap1", root: true, drops: 3 }]),
    };
    const rows = await counted(
      { ...links(link("tap1", 8, {})), ...qdiscs },
      { ...links(link("tap1", 9, {})), ...qdiscs },
    );
    expect(rows.map((row) => row[5])).toEqual([null, null]);
  });

  test("keeps all 64 bits", async () => {
    const big = (last: string) => ({
      "links.1": `[{"ifindex":2,"ifname":"eth0","stats64":{"rx":{"bytes":1844674407370955161${last}},"tx":{}}}]`,
    });
    expect(await counted(big("0"), big("5"))).toEqual([["link", "eth0", "rx_bytes", "bytes", false, 5, 0.5]]);
  });
});

describe("the readings", () => {
  test("list losses first, the most frequent on top, then changes, unknowns, and what stood still", async () => {
    const snmp = (drops: number, sent: number) => ({
      "snmp.1": `Udp: InDatagrams NoPorts RcvbufErrors OutDatagrams\nUdp: 9 1 ${drops} ${sent}`,
      "snmp6.1": `Ip6InDiscards ${drops * 2}`,
    });
    const rows = await counted(
      { ...snmp(2, 5), ...links(link("old", 3, { packets: 1 })) },
      { ...snmp(4, 6), ...links() },
    );
    expect(
      rows.map(([source, , counter, unit, loss, change]) => [source, counter, unit, loss, change]),
    ).toEqual([
      ["protocol", "Ip6InDiscards", "packets", true, 4],
      ["protocol", "UdpRcvbufErrors", "packets", true, 2],
      ["protocol", "UdpOutDatagrams", "packets", false, 1],
      ["link", "rx_packets", "packets", false, null],
      ["protocol", "UdpInDatagrams", "packets", false, 0],
      ["protocol", "UdpNoPorts", "packets", true, 0],
    ]);
  });

  test("take /proc/net/dev where ip doesn't speak JSON", async () => {
    const dev = (drops: number) => ({
      "links.1": `Inter-|   Receive    |  Transmit\n face |bytes packets errs drop|bytes packets\n  eth0: 10 1 0 ${drops} 0 0 0 0 20 2 0 0 0 0 0 0`,
    });
    expect((await counted(dev(1), dev(4)))[0]).toEqual([
      "link",
      "eth0",
      "rx_dropped",
      "packets",
      true,
      3,
      0.3,
    ]);
  });

  test("sum connection tracking over CPUs, from the kernel's file or from conntrack", async () => {
    const file = (drops: string) => ({
      "conntrack.1": `entries  drop invalid\n00000009  ${drops} 00000001\n00000009 00000002 00000001`,
    });
    expect((await counted(file("000000fe"), file("00000101")))[0]).toEqual([
      "conntrack",
      null,
      "drop",
      "packets",
      true,
      3,
      0.3,
    ]);
    const tool = (drops: number) => ({
      "conntrack.1": `cpu=0 \tfound=0 drop=1\ncpu=1 \tfound=0 drop=${drops}`,
    });
    expect((await counted(tool(5), tool(7)))[0]).toEqual([
      "conntrack",
      null,
      "drop",
      "packets",
      true,
      2,
      0.2,
    ]);
    expect(await counted(tool(5), tool(7))).toHaveLength(2);
  });

  test("number CPUs by their place where the kernel doesn't say them", async () => {
    const line = (dropped: number) => `00000001 0000000${dropped} 00000000 0 0 0 0 0 0 0 0`;
    const rows = await counted({ softnet: `${line(0)}\n${line(1)}` }, { softnet: `${line(0)}\n${line(3)}` });
    expect(rows[0]).toEqual(["softnet", "cpu 1", "dropped", "packets", true, 2, 0.2]);
  });

  test("know what an Open vSwitch datapath lost on its way to user space", async () => {
    const ovs = (lost: number) => ({ ovs: `system@ovs-system:\n  lookups: hit:30 missed:37 lost:${lost}` });
    expect((await counted(ovs(0), ovs(8)))[0]).toEqual([
      "ovs",
      "system@ovs-system",
      "lost",
      "packets",
      true,
      8,
      0.8,
    ]);
  });

  test("say how many NICs were not asked", async () => {
    const nics = (count: string) => changed({ nics: count }, { nics: count });
    expect((await nics("64")).provenance.notes.join()).not.toContain("NICs");
    expect((await nics("70")).provenance.notes).toContain("of 70 NICs, what the drivers of 64 count is here");
  });

  test("read from a NIC's driver what it calls drops and errors", async () => {
    const nic = (drops: number) => ({
      "nic.eth0": `     rx_queue_0_drops: ${drops}\n     tx errors: 0\n     interrupts: ${drops}\n     missed_irqs: ${drops}\n     transmission_starts: ${drops}\n     transmission_errors: 0`,
    });
    const rows = await counted(nic(1), nic(2));
    expect(rows).toEqual([
      ["nic", "eth0", "rx_queue_0_drops", null, true, 1, 0.1],
      ["nic", "eth0", "transmission_errors", null, true, 0, 0],
      ["nic", "eth0", "tx errors", null, true, 0, 0],
    ]);
  });
});
