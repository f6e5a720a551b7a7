import { execa, type ResultPromise } from "execa";

/** Small programs of plain Node that make traffic from inside a namespace. */
const programs = {
  /** Sends datagrams one after the other, with a pause between them where one is given. */
  udp: `
    const { createSocket } = require("node:dgram");
    const [address, port, count, bytes, pause] = process.argv.slice(1);
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    let left = Number(count);
    const later = pause === undefined ? (then) => then() : (then) => setTimeout(then, Number(pause));
    const send = () => socket.send(Buffer.alloc(Number(bytes)), Number(port), address, () => later(next));
    const next = () => (left-- > 0 ? send() : socket.close());
    next();`,
  /** Takes what is sent to a TCP port and throws it away, until it is killed. */
  sink: `
    require("node:net").createServer((socket) => socket.on("error", () => {}).resume()).listen(Number(process.argv[1]), () => console.log("ready"));`,
  /** Uploads bytes over one connection. */
  upload: `
    const [address, port, bytes] = process.argv.slice(1);
    const socket = require("node:net").connect(Number(port), address);
    socket.on("error", () => {}).on("close", () => process.exit()).resume().end(Buffer.alloc(Number(bytes)));`,
  /** Tries to connect for some seconds. */
  connect: `
    const [address, port, seconds] = process.argv.slice(1);
    require("node:net").connect(Number(port), address).on("error", () => {});
    setTimeout(() => process.exit(), Number(seconds) * 1000);`,
};

/** Starts one of the programs in a namespace. */
export function traffic(
  namespace: string,
  program: keyof typeof programs,
  ...args: (string | number)[]
): ResultPromise {
  return execa(
    "nsenter",
    [`--net=/run/netns/${namespace}`, process.execPath, "-e", programs[program], ...args.map(String)],
    {
      stdin: "ignore",
    },
  );
}
