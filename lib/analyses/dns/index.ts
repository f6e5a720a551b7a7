export { dnsQueries } from "./queries.js";
export { dnsRules } from "./rules.js";
export { dnsServers } from "./servers.js";
