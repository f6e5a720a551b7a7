export { httpRequests } from "./http/requests.js";
export { tlsHandshakes } from "./tls/handshakes.js";
