import { describe, expect, test } from "vitest";
import { requestColumns, requestValues } from "../../probes/ovs/netlink/index.js";
import { randomNumbers } from "../fixtures/random.js";

/** An attribute of netlink, filled up to 4 bytes. */
function attribute(type: number, ...payload: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(payload);
  const head = Buffer.alloc(4);
  head.writeUInt16LE(4 + bytes.length);
  head.writeUInt16LE(type, 2);
  return Buffer.concat([head, bytes, Buffer.alloc(-bytes.length & 3)]);
}

const hex = (text: string) => Buffer.from(text.replaceAll(/[\s:]/g, ""), "hex");
const u16 = (value: number) => hex(value.toString(16).padStart(4, "0")).swap16();
const u32 = (value: number) => hex(value.toString(16).padStart(8, "0")).swap32();

/** A request to change the flow table: netlink, generic netlink, Open vSwitch. */
function request(command: number, ...attributes: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from([command, 1, 0, 0]), u32(3), ...attributes]);
  return Buffer.concat([u32(16 + body.length), u16(29), u16(0x401), u32(1_540), u32(2_575_472_240), body]);
}

const key = (...all: readonly Buffer[]) => attribute(1, ...all);
const mask = (...all: readonly Buffer[]) => attribute(7, ...all);
const actions = (...all: readonly Buffer[]) => attribute(2, ...all);

function read(bytes: Buffer): { [column: string]: unknown } {
  const values = requestValues(bytes);
  expect(values).toHaveLength(requestColumns.length);
  return Object.fromEntries(requestColumns.map(({ name }, index) => [name, values[index]]));
}
const actionsOf = (...all: readonly Buffer[]) => read(request(1, actions(...all))).actions;
const matchOf = (key: Buffer, mask?: Buffer) =>
  read(request(1, key, ...(mask === undefined ? [] : [mask]))).match;

const ones = (bytes: number) => Buffer.alloc(bytes, 0xff);
const macs = hex("020000000001 020000000002");
const ip4 = (rest: string) => hex(`c0000207 c6336401 ${rest}`);

describe("a request for a flow", () => {
  test("is read with what it looks at, under its mask", () => {
    const bytes = request(
      1,
      attribute(9, hex("2fe2de62 b1a14fa5 8c9b2ae1 0cb24dd1")),
      key(
        attribute(20, u32(5)),
        attribute(3, u32(2)),
        attribute(22, u32(0x21)),
        attribute(4, macs),
        attribute(6, hex("0800")),
        attribute(7, ip4("06 00 40 00")),
        attribute(9, hex("9c40 01bb")),
        attribute(32, hex("0000")),
      ),
      mask(
        attribute(20, ones(4)),
        attribute(3, ones(4)),
        attribute(22, u32(0x21)),
        attribute(4, ones(6), Buffer.alloc(6)),
        attribute(6, ones(2)),
        attribute(7, hex("ffffff00 ffff00ff ff 03 00 ff")),
        attribute(9, hex("0000 ffff")),
        attribute(32, hex("0000")),
      ),
      actions(attribute(12, attribute(2, u16(5))), attribute(7, u32(6))),
    );
    expect(read(bytes)).toEqual({
      operation: "new",
      match:
        "recirc_id(0x5),in_port(2),ct_state(+new+trk),eth(src=02:00:00:00:00:01),eth_type(0x0800),ipv4(src=192.0.2.7/255.255.255.0,dst=198.51.100.1/255.255.0.255,proto=6,tos=0/0x3,frag=no),tcp(dst=443)",
      ...{ recirc_id: 5, in_port: 2, eth_src: "02:00:00:00:00:01", eth_dst: null },
      ...{
        ip_version: 4,
        src: "192.0.2.7/24",
        src_port: null,
        dst: "198.51.100.1/255.255.0.255",
        dst_port: 443,
      },
      ...{ protocol: "TCP", actions: "ct(zone=5),recirc(0x6)", ufid: "62dee22f-a54f-a1b1-e12a-9b8cd14db20c" },
      ...{ datapath: 3, feature_probe: false, netlink_port: 2_575_472_240, netlink_seq: 1_540 },
      ...{ length_bytes: bytes.length, whole: true },
    });
  });

  test("without a mask looks at every bit", () => {
    const whole = key(attribute(3, u32(7)), attribute(6, hex("0806")));
    expect(read(request(4, whole))).toMatchObject({
      ...{
        operation: "set",
        match: "in_port(7),eth_type(0x0806)",
        in_port: 7,
        protocol: "ARP",
        actions: null,
      },
    });
  });

  test("that empties the table says nothing of a flow", () => {
    const said = read(request(2));
    expect(said).toMatchObject({ operation: "delete", match: null, actions: null, ufid: null, whole: true });
    expect(read(request(2, attribute(9, hex("0102")))).ufid).toBe("01 02");
    expect(read(request(1, attribute(8)))).toMatchObject({ feature_probe: true });
  });

  test.each([
    [
      "a tunnel",
      "tunnel(tun_id=0x2a,src=192.0.2.7,ttl=64,flags(-df+csum+key))",
      key(
        attribute(
          16,
          attribute(0, hex("000000000000002a")),
          attribute(1, hex("c0000207")),
          attribute(4, hex("40")),
          attribute(6),
        ),
      ),
      mask(
        attribute(
          16,
          attribute(0, ones(8)),
          attribute(1, ones(4)),
          attribute(4, ones(1)),
          attribute(5),
          attribute(6),
        ),
      ),
    ],
    [
      "a tag",
      "eth_type(0x8100),vlan(vid=10,pcp=3),encap(eth_type(0x0800))",
      key(attribute(6, hex("8100")), attribute(5, hex("700a")), attribute(1, attribute(6, hex("0800")))),
      undefined,
    ],
    ["part of a tag", "vlan(vid=10/0xff)", key(attribute(5, hex("100a"))), mask(attribute(5, hex("00ff")))],
    [
      "IPv6 and its neighbours",
      "ipv6(src=2001:db8::7/ffff:ffff::,proto=58,hlimit=255,frag=first),icmpv6(type=135,code=0),nd(target=2001:db8::1,sll=02:00:00:00:00:01)",
      key(
        attribute(8, hex("20010db8000000000000000000000007"), Buffer.alloc(16), hex("00000000 3a 00 ff 01")),
        attribute(12, hex("8700")),
        attribute(14, hex("20010db8000000000000000000000001"), hex("020000000001 000000000000")),
      ),
      mask(
        attribute(8, hex("ffffffff000000000000000000000000"), Buffer.alloc(16), hex("00000000 ff 00 ff ff")),
        attribute(12, ones(2)),
        attribute(14, ones(22), Buffer.alloc(6)),
      ),
    ],
    [
      "ARP",
      "arp(sip=192.0.2.7,op=1/0xff)",
      key(attribute(13, ip4("0001"), Buffer.alloc(14))),
      mask(attribute(13, hex("ffffffff 00000000 00ff"), Buffer.alloc(14))),
    ],
    ["TCP's flags", "tcp_flags(+syn-ack)", key(attribute(18, hex("0002"))), mask(attribute(18, hex("0012")))],
    [
      "what connection tracking knows",
      "ct_zone(5),ct_mark(0x1/0xf),ct_label(0x1)",
      key(attribute(23, u16(5)), attribute(24, u32(1)), attribute(25, hex("01"), Buffer.alloc(15))),
      mask(attribute(23, ones(2)), attribute(24, u32(15)), attribute(25, ones(16))),
    ],
    ["all addresses", "eth()", key(attribute(4, macs), attribute(7, ip4("06004000"))), mask()],
    ["what isn't known", "key77(01 02)", key(attribute(77, hex("0102"))), undefined],
    [
      "what isn't known, in part",
      "key77(01 02/ff 00)",
      key(attribute(77, hex("0102"))),
      mask(attribute(77, hex("ff00"))),
    ],
    ["what is shorter than it should be", "key3(01 02)", key(attribute(3, hex("0102"))), undefined],
  ] as const)("can look at %s", (_, written, key, mask) => {
    expect(matchOf(key, mask)).toBe(written);
  });

  test.each([
    ["drop"],
    ["3,1", attribute(1, u32(3)), attribute(1, u32(1))],
    [
      "set(tunnel(tun_id=0x2a,dst=203.0.113.130,ttl=64,tp_dst=4789,flags(df|key))),4",
      attribute(
        3,
        attribute(
          16,
          attribute(0, hex("000000000000002a")),
          attribute(2, hex("cb007182")),
          attribute(4, hex("40")),
          attribute(5),
          attribute(10, hex("12b5")),
        ),
      ),
      attribute(1, u32(4)),
    ],
    [
      "set(ipv4(ttl=3))",
      attribute(11, attribute(7, hex("00000000 00000000 00 00 03 00"), hex("00000000 00000000 00 00 ff 00"))),
    ],
    ["push_vlan(vid=9,pcp=1),pop_vlan", attribute(4, hex("8100 3009")), attribute(5)],
    ["push_vlan(tpid=0x88a8,vid=9,pcp=0)", attribute(4, hex("88a8 1009"))],
    [
      "sample(sample=50.0%,actions(2))",
      attribute(6, attribute(1, u32(0x80000000)), attribute(2, attribute(1, u32(2)))),
    ],
    [
      "clone(ct_clear,1),trunc(100)",
      attribute(20, attribute(16), attribute(1, u32(1))),
      attribute(13, u32(100)),
    ],
    ["hash(hash_l4(0)),recirc(0x77)", attribute(8, u32(0), u32(0)), attribute(7, u32(0x77))],
    [
      "ct(commit,zone=7,mark=0x1/0xf,helper=ftp,nat(src=192.0.2.1-192.0.2.9:1000-2000,random))",
      attribute(
        12,
        attribute(1),
        attribute(2, u16(7)),
        attribute(3, u32(1), u32(15)),
        attribute(5, Buffer.from("ftp\0")),
        attribute(
          6,
          attribute(1),
          attribute(3, hex("c0000201")),
          attribute(4, hex("c0000209")),
          attribute(5, u16(1_000)),
          attribute(6, u16(2_000)),
          attribute(9),
        ),
      ),
    ],
    ["ct,ct(nat)", attribute(12), attribute(12, attribute(6))],
    ["ct(helper=?31m?)", attribute(12, attribute(5, Buffer.from("\u001b31m)")))],
    ["userspace(pid=4242,userdata(0102))", attribute(2, attribute(1, u32(4_242)), attribute(2, hex("0102")))],
    [
      "check_pkt_len(size=1500,gt(drop),le(1))",
      attribute(21, attribute(1, u16(1_500)), attribute(2), attribute(3, attribute(1, u32(1)))),
    ],
    [
      "push_mpls(label=10,tc=0,ttl=64,bos=1,eth_type=0x8847),pop_mpls(eth_type=0x800)",
      attribute(9, hex("0000a140 8847"), hex("0000")),
      attribute(10, hex("0800")),
    ],
    [
      "meter(3),push_eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),pop_eth",
      attribute(19, u32(3)),
      attribute(14, macs),
      attribute(15),
    ],
    ["dec_ttl(le_1(drop)),drop", attribute(23, attribute(1)), attribute(24, u32(1))],
    ["action99(00 01),action1(07)", attribute(99, hex("0001")), attribute(1, hex("07"))],
  ] as const)("has the actions %s", (written, ...all) => {
    expect(actionsOf(...(all as Buffer[]))).toBe(written);
  });
});

describe("what isn't a request", () => {
  const flow = request(
    1,
    key(attribute(3, u32(2)), attribute(6, hex("0800")), attribute(7, ip4("06004000"))),
    mask(attribute(3, ones(4)), attribute(6, ones(2)), attribute(7, ones(12))),
    actions(...Array.from({ length: 20 }, (_, port) => attribute(1, u32(port)))),
  );
  const full = read(flow);

  test("or is cut, is told as far as it goes: nothing in it is wrong", () => {
    for (let length = 0; length < flow.length; length++) {
      const { whole, ...said } = read(flow.subarray(0, length));
      expect(whole).toBe(false);
      for (const [column, value] of Object.entries(said)) expect([null, full[column]]).toContain(value);
    }
    expect(full).toMatchObject({ whole: true, src: "192.0.2.7" });
  });

  test("never fails, and stays short, whatever its bytes are", () => {
    const random = randomNumbers(7);
    for (let round = 0; round < 2_000; round++) {
      const bytes = Buffer.from(flow);
      for (let hits = 0; hits < 1 + 8 * random(); hits++)
        bytes[Math.floor(bytes.length * random())] = Math.floor(256 * random());
      for (const value of Object.values(read(bytes)))
        expect(typeof value === "string" ? value.length : 0).toBeLessThan(20 * flow.length);
    }
  });

  test("may be lists within lists, deeper than the kernel takes them", () => {
    let deep = attribute(1, u32(1));
    for (let depth = 0; depth < 300; depth++) deep = attribute(20, deep);
    expect(String(actionsOf(deep)).length).toBeLessThan(10_000);
    let tags = attribute(6, hex("0800"));
    for (let depth = 0; depth < 300; depth++) tags = attribute(1, tags);
    expect(String(matchOf(key(tags))).length).toBeLessThan(10_000);
  });
});
