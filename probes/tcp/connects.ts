import {
  addressFilters,
  type Bpf,
  BpfMap,
  bpf,
  errorName,
  type Field,
  field,
  filter,
  type HookAt,
  packet,
  port,
  type Site,
  type Writing,
} from "../../lib/probes/index.js";
import { closed, established, readMapped, socketFilters, synReceived, synSent } from "./sockets.js";

export const changed = "tracepoint:sock:inet_sock_set_state";

const { version, src, dst, dstPort, srcPort } = packet;
const service = bpf`$service`;

/** By socket: when its SYN was to leave, by which process, and where to. */
export const connecting = new BpfMap("connecting", false, 56);
const [socket, was] = [bpf`$sk`, bpf`$was`];

/** Of a connection that is made, or fails. */
export const connect = { began: bpf`$began`, ended: bpf`$now`, process: bpf`$process`, error: bpf`$error` };

export const connectFilters = {
  src: socketFilters.src,
  dst: socketFilters.dst,
  ip: addressFilters.ip,
  port: filter({
    schema: port,
    meaning:
      "port that connections are made to: the peer's where the host connects, its own where it accepts",
    test: (value) => bpf`${service} == ${value}`,
  }),
};

export const serviceField: Field = field({
  name: "port",
  type: "INTEGER",
  meaning: "port that it was made to: the peer's where the host connects, its own where it accepts",
  say: () => service,
});

export const processField: Field = field({
  name: "process",
  type: "BIGINT",
  meaning: "number of the process that called connect(2); null where the host accepts",
  say: () => connect.process,
  read: ([process = "0"]) => (process === "0" ? null : Number(process)),
});

/** Errors of sockets, by the place of what the kernel doesn't say. */
const unknown = 0xffff;
export const resultField: Field = field({
  name: "result",
  type: "VARCHAR",
  meaning:
    "connected, or the error of the socket: ECONNREFUSED (a reset came), ETIMEDOUT (no answer), EHOSTUNREACH, ...; closed: its own side gave up before there was an answer; null: the host doesn't say",
  say: () => connect.error,
  read: ([error = ""]) => resultOf(Number(error)),
});

function resultOf(error: number): string | null {
  if (error === unknown || Number.isNaN(error)) return null;
  if (error === 0) return "connected";
  return error === givenUp ? "closed" : errorName(-error).slice(1);
}
const givenUp = 0xfffe;
/** What stands for the result of a connection that has none yet. */
export const noResult = String(unknown);

/** What the socket's error is, where the kernel's types are known; it is set before the socket is closed. */
function readError(site: Site): Bpf {
  if (site.target.layouts === null) return bpf`${connect.error} = ${unknown};`;
  return bpf`${connect.error} = ${site.read(socket, "sock.sk_err")}; if (${connect.error} == 0) { ${connect.error} = ${givenUp}; }`;
}

/** What is done at the ends of a connection's making. Addresses and ports are read. */
export interface ConnectClauses {
  /** It passed the filters, and is kept by `keep`. */
  begin(at: HookAt, keep: Bpf): Bpf;
  connected(at: HookAt): Bpf;
  failed(at: HookAt): Bpf;
  /** The host accepted one. */
  accepted(at: HookAt): Bpf;
}

/**
 * The clause that sees connections made. Own ports are chosen after the state has changed to SYN-SENT, and given back before it changes to CLOSED: only at the end of one that is made they are known.
 */
export function connectClause(
  { on, filtered }: Pick<Writing<unknown>, "on" | "filtered">,
  { begin, connected, failed, accepted }: ConnectClauses,
): Bpf {
  return on(changed, (at) => {
    const kept = connecting.at(socket);
    const keep = bpf`${kept} = (nsecs, (uint64)pid, ${version} << 16 | ${dstPort}, ${dst.high}, ${dst.low}, ${src.high}, ${src.low});`;
    return bpf`$to = ${at.arg("newstate")}; if ($to != ${established} && $to != ${synSent} && $to != ${closed}) { return; }
  if (${at.arg("protocol")} != 6) { return; }
  ${socket} = ${at.arg("skaddr")};
  if ($to == ${synSent}) {
    ${readMapped(at)}
    ${service} = ${dstPort};
    ${filtered(at, bpf``, begin(at, keep))}
    return; }
  ${was} = ${kept}; ${connect.began} = ${was}.0; ${connect.process} = ${was}.1;
  if (${connect.began} != 0) {
    delete(${kept}); ${connect.ended} = nsecs;
    ${readMapped(at)}
    ${service} = ${dstPort};
    if ($to == ${established}) { ${connect.error} = 0; ${connected(at)} } else { ${readError(at)} ${failed(at)} }
    return; }
  if ($to != ${established} || ${at.arg("oldstate")} != ${synReceived}) { return; }
  ${readMapped(at)}
  ${service} = ${srcPort}; ${connect.error} = 0;
  ${filtered(at, bpf``, accepted(at))}`;
  });
}

/** @param read fields of the kernel's types that the program read. */
export function connectNotes(read: ReadonlySet<string>): string[] {
  return read.size === 0
    ? ["why connections fail (result) is not known without the kernel's types (BTF)"]
    : [];
}
