export { address, type Channel, type Connection, readConnection } from "./connection.js";
export {
  type Content,
  decode,
  encode,
  type Header,
  type Message,
  newHeader,
  protocolVersion,
} from "./message.js";
export { Sender } from "./sender.js";
