import { expect, it } from "vitest";
import { packetColumns, protocolsField } from "../../lib/captures/packets/columns.js";
import { fieldAt, placeCount } from "../../lib/captures/packets/fields.js";
import { Row } from "../../lib/captures/packets/row.js";

const stacks = [
  ...[
    "",
    "data",
    "eth:ethertype:arp",
    "eth:ethertype:ip:tcp:tls",
    "eth:ethertype:ipv6:tcp",
    "eth:ethertype:ip:udp:dns",
  ],
  ...["eth:ethertype:ip:data", "eth:ethertype:vlan:ethertype:ipv6:udp:dhcpv6", "eth:ethertype:ip:udp:dhcp"],
  ...["eth:ethertype:ieee8021ad:vlan:ethertype:ip:tcp", "eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:tcp"],
  ...["eth:ethertype:ip:icmp:data", "eth:ethertype:ipv6:icmpv6", "eth:ethertype:ip:icmp:ip:tcp"],
  ...[
    "eth:ethertype:ip:icmp:ip:udp:dns",
    "eth:ethertype:ipv6:icmpv6:ipv6:udp",
    "eth:ethertype:ip:icmp:ip:icmp",
  ],
  ...[
    "eth:ethertype:ip:gre:ip:udp:rtp",
    "eth:ethertype:ip:esp",
    "eth:ethertype:ip:sctp",
    "sll:ethertype:ip:tcp",
  ],
];
const texts = ["", "1", "1,1", "0", '"Bad"', "192.0.2.1", "2001:db8::1", "1.5"];

/** A row whose fields all hold the same text, and which notes what fields it is asked for. */
function noting(protocols: string, text: string): { row: Row; asked: Set<number> } {
  const asked = new Set<number>();
  const row = new Row(placeCount(), protocolsField);
  row.ends.fill(text.length);
  row.starts[protocolsField] = text.length;
  row.ends[protocolsField] = text.length + protocols.length;
  row.point(Buffer.from(text + protocols));
  const spy = new Proxy(row, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      return (field: number, ...rest: unknown[]) => {
        asked.add(field);
        return value.call(target, field, ...rest);
      };
    },
  });
  return { row: spy, asked };
}

it.each(packetColumns)(
  "$column.name is read off the fields that it says, and the layers, only",
  ({ needs, read }) => {
    const said = new Set(needs);
    for (const protocols of stacks) {
      for (const text of texts) {
        const { row, asked } = noting(protocols, text);
        read(row);
        expect([...asked].map(fieldAt).filter((name) => !said.has(name))).toEqual([]);
      }
    }
  },
);
