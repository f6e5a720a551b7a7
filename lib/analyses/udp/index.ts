export { dhcpExchanges } from "./dhcp.js";
export { datagramRules } from "./rules/datagrams.js";
export { dhcpRules } from "./rules/dhcp.js";
export { datagramSequences } from "./sequences.js";
