import { once } from "node:events";
import type { Readable } from "node:stream";
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
  /** Serves files over HTTP on some ports: so many bytes each, after some milliseconds of thought. */
  serve: `
    const { createServer } = require("node:http");
    const services = process.argv.slice(1).map((service) => service.split(":").map(Number));
    let waiting = services.length;
    for (const [port, bytes, think] of services) {
      const answer = (response) => setTimeout(() => response.end(Buffer.alloc(bytes)), think);
      const server = createServer((_, response) => answer(response));
      server.listen(port, () => --waiting === 0 && console.log("ready"));
    }`,
  /** Downloads a file over HTTP; where a pause is given, it stops reading for so long once so many bytes came. */
  download: `
    const [address, port, path, after = Infinity, pause = 0] = process.argv.slice(1);
    require("node:http").get({ host: address, port, path, agent: false }, (response) => {
      let bytes = 0;
      let paused = false;
      response.on("error", () => {}).on("data", (chunk) => {
        bytes += chunk.length;
        if (paused || bytes < Number(after)) return;
        paused = true;
        response.pause();
        setTimeout(() => response.resume(), Number(pause));
      });
    }).on("error", () => {});`,
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

/** Waits until a program says that it is ready; that it is killed later is no error. */
export async function ready(program: ResultPromise): Promise<void> {
  const ended = program.then(
    () => "ended",
    () => "ended",
  );
  const said = once(program.stdout as Readable, "data").then(String);
  if ((await Promise.race([said, ended])) === "ended")
    throw new Error("the program ended before it was ready");
}
