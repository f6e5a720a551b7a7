import { field } from "./fields.js";
import { column, type PacketColumn, text } from "./readers.js";

// The BOOTP names are those of tshark before 3.0.
const type = field("dhcp.option.dhcp||bootp.option.dhcp||dhcpv6.msgtype");

const client = field("dhcp.hw.mac_addr||bootp.hw.mac_addr||dhcpv6.peeraddr");

// DNS has its own values in the same column.
const status = field("dhcpv6.status_code||dns.resp.ext_rcode");

/** A relay's message of DHCPv6 has the client's or the server's inside, which may be a relay's again. */
const innermost = 99;

/** What DHCP and DHCPv6 say of an address. */
export const dhcpColumns: PacketColumn[] = [
  column(
    [
      "dhcp_type",
      null,
      "DHCP: 1 discover, 2 offer, 3 request, 5 ack, ...; DHCPv6 has its own numbers, of what a relay carries",
    ],
    "INTEGER",
    [type],
    (row) => row.integer(type, innermost),
  ),
  column(
    ["dhcp_enclosed", null, "DHCPv6: inside a relay's message; null without DHCP"],
    "BOOLEAN",
    [type],
    (row) => row.text(type)?.includes(",") ?? null,
  ),
  text(["dhcp_id", null, "DHCP transaction"], "dhcp.id||bootp.id||dhcpv6.xid"),
  column(
    [
      "dhcp_client",
      null,
      "DHCP: MAC address that the message names as the client's; DHCPv6 inside a relay's message: address of the client",
    ],
    "VARCHAR",
    [client],
    (row) => row.textAt(client, innermost),
  ),
  column(
    ["dhcp_status", null, "status codes of DHCPv6, joined by commas: 0 success"],
    "VARCHAR",
    [status, type],
    (row) => (row.has(type) ? row.text(status) : null),
  ),
  text(
    ["dhcp_lease_seconds", "s", "how long addresses and prefixes are given for, joined by commas"],
    "dhcp.option.ip_address_lease_time||bootp.option.ip_address_lease_time||dhcpv6.iaaddr.valid_lifetime||dhcpv6.iaprefix.valid_lifetime",
  ),
];
