/** What of IP and transport headers has to be read. */
export interface Wanted {
  protocol: boolean;
  src: boolean;
  dst: boolean;
  ports: boolean;
  length: boolean;
  fragment: boolean;
  id: boolean;
  ttl: boolean;
  tos: boolean;
  transport: boolean;
  tcp: boolean;
  tcpFlags: boolean;
  icmp: boolean;
  payload: boolean;
  arp: boolean;
}
