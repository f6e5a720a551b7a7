export { dhcpExchanges } from "./dhcp.js";
export { datagramSequences } from "./sequences.js";
