export { dnsQueries } from "./queries.js";
export { dnsServers } from "./servers.js";
