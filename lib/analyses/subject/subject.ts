import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { EvidenceRow } from "../../findings/index.js";

/** What the rules look through: the conversations of a capture that a filter takes. */
export interface Subject {
  capture: Capture;
  filter: TrafficFilter;
}

/** The call of an analysis about the flow of a row, as a cell has it. */
export function callOn(analysis: string, { flow }: EvidenceRow): string {
  return typeof flow === "string"
    ? `await ${analysis}(cap, { flow: ${JSON.stringify(flow)} })`
    : callOf(analysis);
}

export function callOf(analysis: string): string {
  return `await ${analysis}(cap)`;
}

/** "192.0.2.1:4000 → 198.51.100.1:80": who opened the connection of a row, and to whom. */
export function endsOf({ client, client_port, server, server_port }: EvidenceRow): string {
  return `${end(client, client_port)} → ${end(server, server_port)}`;
}

type Cell = EvidenceRow[string] | undefined;

function end(address: Cell, port: Cell): string {
  if (port === null || port === undefined) return String(address);
  return String(address).includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A count with its noun: "1 packet", "1,200 packets". */
export function many(count: Cell, noun: string): string {
  const number = Number(count);
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;
}

/** A count as a subject: "1 packet is", "1,200 packets are". */
export function manyAre(count: Cell, noun: string): string {
  return `${many(count, noun)} ${Number(count) === 1 ? "is" : "are"}`;
}

/** A share: "0.52 %". */
export function share(percent: Cell): string {
  const value = Number(percent);
  return `${value.toFixed(value < 10 ? 2 : 1)} %`;
}

/** A duration of nanoseconds in the unit that fits: "120 ms". */
export function took(nanoseconds: Cell): string {
  const ns = Number(nanoseconds);
  if (ns >= 1e9) return `${(ns / 1e9).toFixed(2)} s`;
  return ns >= 1e6 ? `${(ns / 1e6).toFixed(1)} ms` : `${(ns / 1e3).toFixed(1)} µs`;
}
