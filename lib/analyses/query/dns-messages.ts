const dissected = "FROM picked WHERE dns_id IS NOT NULL AND regexp_matches(protocols, ':dns(:|$)')";

/**
 * Packets of unicast DNS, as relation `dns_packets`. By its port tshark takes anything for DNS: where most queries of a conversation that
 * aren't cut have no name, it is something else, such as a VPN on port 53. mDNS and LLMNR, which have no pairs, are left out.
 */
export const dnsMessages = {
  no_dns: `
    SELECT flow_number ${dissected} AND dns_rcode IS NULL AND captured_bytes = wire_bytes
    GROUP BY flow_number HAVING 2 * count(dns_name) < count(*)`,
  dns_packets: `
    SELECT * ${dissected} AND transport IN ('udp', 'tcp') AND flow_number NOT IN (SELECT flow_number FROM no_dns WHERE flow_number IS NOT NULL)`,
};
