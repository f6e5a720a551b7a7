import { StringDecoder } from "node:string_decoder";
import { printed } from "../../lib/html/index.js";

export type StreamName = "stdout" | "stderr";

/** Hands what the process writes to stdout and stderr to `write`, from now on. */
export function captureStreams(write: (name: StreamName, text: string) => void): void {
  capture(process.stdout, (text) => write("stdout", text));
  capture(process.stderr, (text) => write("stderr", text));
}

function capture(stream: NodeJS.WriteStream, write: (text: string) => void): void {
  const decoder = new StringDecoder("utf8");
  stream.write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error) => void),
    done?: (error?: Error) => void,
  ) => {
    // Consoles of Jupyter print it on a terminal.
    write(printed(typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk))));
    const callback = typeof encoding === "function" ? encoding : done;
    if (callback !== undefined) process.nextTick(callback);
    return true;
  };
}
