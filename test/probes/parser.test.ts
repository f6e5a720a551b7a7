import { execa } from "execa";
import ipaddr from "ipaddr.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localhost } from "../../lib/index.js";
import { dropEvents } from "../../probes/drop/index.js";
import { describeLive } from "../fixtures/needs.js";
import { together } from "../fixtures/together.js";
import { type Frame, frames, macPrefix, sender, type Truth } from "./frames.js";

const columns = [
  ...["ether_type", "protocol", "ip_version", "src", "src_port", "dst", "dst_port", "length_bytes"],
  ...["vlan_id", "vlan_priority", "vlan_inner_id", "arp_op", "ip_id", "ttl", "tos"],
  ...["tcp_flags", "tcp_payload_bytes", "icmp_type", "icmp_code"],
] as const satisfies (keyof Truth)[];

const [sending, receiving] = ["skpa-sender", "skpa-receiver"];

/** Probes that see the same frames at a time. */
const attachedAtOnce = 6;

/** Where frames are dropped: on their way out, or where they come in, when the kernel has taken the outermost tag out of them. */
const places = [
  { place: "sent", namespace: sending, hook: "egress", device: "eth0" },
  { place: "received", namespace: receiving, hook: "ingress", device: "uplink0" },
] as const;

describeLive("packets as they are read in the kernel", ["root", "bpftrace", "tracing", "namespaces"], () => {
  const remove = async () => {
    for (const namespace of [sending, receiving])
      await execa("ip", ["netns", "del", namespace], { reject: false });
  };
  beforeAll(async () => {
    await remove();
    for (const namespace of [sending, receiving]) {
      await execa("ip", ["netns", "add", namespace]);
      const off = "net.ipv6.conf.default.disable_ipv6=1";
      await execa("nsenter", [`--net=/run/netns/${namespace}`, "sysctl", "-qw", off]);
    }
    const pair = ["type", "veth", "peer", "name", "uplink0", "netns", receiving];
    await execa("ip", ["link", "add", "eth0", "netns", sending, ...pair]);
    await execa("ip", ["-n", sending, "link", "set", "eth0", "up"]);
    await execa("ip", ["-n", receiving, "link", "set", "uplink0", "up"]);
  });
  afterAll(remove);

  describe.each(places)("where they are $place", ({ place, namespace, hook, device }) => {
    const nft = (input: string) =>
      execa("nsenter", [`--net=/run/netns/${namespace}`, "nft", "-f", "-"], { input });
    beforeAll(async () => {
      await nft(`add table netdev refuse
        add chain netdev refuse frames { type filter hook ${hook} device ${device} priority 0; policy drop; }`);
    });
    afterAll(async () => {
      await nft("delete table netdev refuse");
    });

    const send = async () => {
      const input = frames.map(({ bytes }) => bytes.toString("hex")).join("\n");
      await execa("nsenter", [`--net=/run/netns/${sending}`, "python3", "-c", sender, "eth0"], { input });
    };

    /** What is seen of all frames, by their names. */
    async function seen(
      filter: object,
      during: () => Promise<void> = send,
      wanted: readonly string[] = columns,
    ): Promise<Map<string, unknown[]>> {
      const events = await dropEvents(localhost(), {
        seconds: 60,
        headers: true,
        // Room for whatever else this machine drops meanwhile.
        ...{ maxEvents: 1_000_000, maxEventsPerSecond: 1_000_000, bufferPages: 4_096 },
        ...filter,
        during,
      });
      expect(events.provenance.lost).toBe(0);
      const { values } = await events.sql(
        `SELECT eth_src, eth_dst, device, ${wanted.join(", ")} FROM this WHERE starts_with(eth_src, '${macPrefix}')`,
      );
      const rows = values as unknown[][];
      expect(new Set(rows.map(([mac]) => mac)).size, "each frame once").toBe(rows.length);
      for (const row of rows) expect(row.slice(1, 3)).toEqual([`${macPrefix}ff`, device]);
      return new Map(
        rows.map(([mac, , , ...rest]) => [
          frames[Number.parseInt(String(mac).slice(-2), 16)]?.name ?? "",
          rest,
        ]),
      );
    }

    /** Of what isn't IP, the length is that of the frame as the kernel has it: without its Ethernet header where it came in. */
    const expected = (truth: Truth) =>
      columns.map((name) => {
        if (name !== "length_bytes" || truth.ip_version !== undefined || place === "received")
          return truth[name] ?? null;
        return truth.length_bytes + 14 + (truth.vlan_id === undefined ? 0 : 4);
      });

    test("every column of every frame", async () => {
      const all = await seen({});
      const wanted = frames.map(({ name, truth }) => [name, expected(truth)]);
      expect(Object.fromEntries(all)).toEqual(Object.fromEntries(wanted));
    });

    test("the same columns, of what is inside a tunnel", async () => {
      const all = await seen({ vni: 5_000 });
      const wanted = frames.flatMap(({ name, inside }) =>
        inside?.vni === 5_000 ? [[name, inside.truth] as const] : [],
      );
      expect(wanted.length).toBeGreaterThan(3);
      expect([...all.keys()].sort()).toEqual(wanted.map(([name]) => name).sort());
      for (const [name, truth] of wanted) {
        if (truth.ip_version === undefined) continue;
        expect([name, ...(all.get(name) ?? [])]).toEqual([name, ...columns.map((one) => truth[one] ?? null)]);
      }
    });

    const lies = (prefix: string) => (text?: string) => {
      if (text === undefined) return false;
      const [network, length] = prefix.includes("/")
        ? ipaddr.parseCIDR(prefix)
        : [ipaddr.parse(prefix), prefix.includes(":") ? 128 : 32];
      const other = ipaddr.parse(text);
      return other.kind() === network.kind() && other.match(network as never, length);
    };
    const isIp = ({ ip_version }: Truth) => ip_version !== undefined;
    const from = (prefix: string) => (truth: Truth) => isIp(truth) && lies(prefix)(truth.src);
    const to = (prefix: string) => (truth: Truth) => isIp(truth) && lies(prefix)(truth.dst);
    const tagged = (id: number) => (truth: Truth) => truth.vlan_id === id || truth.vlan_inner_id === id;
    const of = (protocol: string) => (truth: Truth) => isIp(truth) && truth.protocol === protocol;
    const both =
      (...all: ((truth: Truth) => boolean)[]) =>
      (truth: Truth) =>
        all.every((one) => one(truth));

    const filters: [object, (truth: Truth, frame: Frame) => boolean][] = [
      [{ src: "192.0.2.10" }, from("192.0.2.10")],
      [{ src: "192.0.2.0/25" }, from("192.0.2.0/25")],
      [{ src: "2001:db8:a::/48" }, from("2001:db8:a::/48")],
      [{ src: "2001:db8:a::10" }, from("2001:db8:a::10")],
      [{ src: "0.0.0.0/0" }, ({ ip_version }) => ip_version === 4],
      [{ src: "::/0" }, ({ ip_version }) => ip_version === 6],
      [{ dst: "198.51.100.16/28" }, to("198.51.100.16/28")],
      [{ dst: "2001:db8:b:1:2:3:4:20" }, to("2001:db8:b:1:2:3:4:20")],
      [{ dst: "2001:db8:b:1:2::/80" }, to("2001:db8:b:1:2::/80")],
      [{ ip: "192.0.2.10" }, (truth) => from("192.0.2.10")(truth) || to("192.0.2.10")(truth)],
      [{ srcPort: 40_000 }, ({ src_port }) => src_port === 40_000],
      [{ dstPort: 53 }, ({ dst_port }) => dst_port === 53],
      [{ port: 53 }, ({ src_port, dst_port }) => src_port === 53 || dst_port === 53],
      [{ srcPort: 0 }, () => false],
      [{ protocol: "TCP" }, of("TCP")],
      [{ protocol: "UDP" }, of("UDP")],
      [{ protocol: "ICMP" }, of("ICMP")],
      [{ protocol: "ICMPv6" }, of("ICMPv6")],
      [{ protocol: 132 }, of("SCTP")],
      [{ protocol: 0 }, () => false],
      [{ device }, () => true],
      [{ device: "eth" }, () => false],
      [{ device: `${device}x` }, () => false],
      [{ vlan: 42 }, tagged(42)],
      [{ vlan: 0 }, tagged(0)],
      [{ vlan: 102, src: "2001:db8::/32" }, tagged(102)],
      [
        { vlan: 42, protocol: "TCP", dstPort: 80 },
        both(tagged(42), of("TCP"), ({ dst_port }) => dst_port === 80),
      ],
      [
        { dst: "198.51.100.20", protocol: "UDP", dstPort: 53 },
        both(to("198.51.100.20"), of("UDP"), ({ dst_port }) => dst_port === 53),
      ],
      [{ vni: 0xffffff }, (_, { inside }) => inside?.vni === 0xffffff],
      [{ vni: 0 }, (_, { inside }) => inside?.vni === 0],
      [
        { vni: 5_000, src: "203.0.113.7", dstPort: 443 },
        (_, { inside }) => inside?.vni === 5_000 && inside.truth.src === "203.0.113.7",
      ],
      [
        { vni: 5_000, protocol: "TCP" },
        (_, { inside }) => inside?.vni === 5_000 && inside.truth.protocol === "TCP",
      ],
      [{ vni: 5_000, src: "192.0.2.10" }, () => false],
      [{ vni: 5_001, vlan: 42 }, (_, { inside }) => inside?.vni === 5_001],
    ];

    const batches = Array.from({ length: Math.ceil(filters.length / attachedAtOnce) }, (_, index) =>
      filters.slice(index * attachedAtOnce, (index + 1) * attachedAtOnce),
    );
    test.each(
      batches.map((batch) => [batch.map(([filter]) => JSON.stringify(filter)).join(", "), batch] as const),
    )("filters %s", async (_, batch) => {
      const all = await together(
        batch.map(
          ([filter]) =>
            (during) =>
              seen(filter, during),
        ),
        send,
      );
      for (const [index, [filter, holds]] of batch.entries()) {
        const wanted = frames.filter((frame) => holds(frame.truth, frame)).map(({ name }) => name);
        expect([filter, [...(all[index] as Map<string, unknown>).keys()].sort()]).toEqual([
          filter,
          wanted.sort(),
        ]);
      }
    });
  });
});
