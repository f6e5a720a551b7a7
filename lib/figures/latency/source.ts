import type { Frame, Table } from "../../tables/index.js";
import { needsColumns, type Wanted } from "../needs.js";
import { oneOf } from "../options.js";

/** A table of answers and how long they took, in the words of what was asked. */
export interface Timed {
  title: string;
  /** What one row is. */
  noun: string;
  /** The columns of text by which rows can be told apart, the default first. */
  groups: string[];
  /** SQL: how long it took, null without answer; what a client waited that asked again; whether no answer came. */
  rtt: string;
  waited: string;
  unanswered: string;
}

/** What the table's columns tell of it: questions of DNS, pings, or round trips of TCP. */
export function timedOf(wanted: Wanted, table: Table | Frame): Timed {
  needsColumns(wanted, table, ["time_ns", "rtt_ns"]);
  const has = (name: string) => table.columns.includes(name);
  const [title, noun] = has("dns_id")
    ? (["DNS response times", "question"] as const)
    : has("icmp_seq")
      ? (["Round trips of pings", "echo request"] as const)
      : has("sender")
        ? (["TCP round trips", "sample"] as const)
        : (["Latency", "row"] as const);
  return {
    title,
    noun,
    groups: ["sender", "server", "dst", "client", "src", "flow", "name", "type", "by", "transport"].filter(
      has,
    ),
    rtt: "rtt_ns",
    waited: has("waited_ns") ? "CASE WHEN rtt_ns IS NULL THEN waited_ns END" : "NULL",
    unanswered: has("answered") ? "answered = false" : "false",
  };
}

/** SQL for the name of a row's series: a column as told, else the first of the defaults. */
export function groupSql(figure: string, { groups }: Timed, by: string | undefined): string {
  if (by !== undefined) oneOf(figure, "by", by, groups);
  const column = by ?? groups[0];
  return column === undefined ? "'all'" : `coalesce(CAST("${column}" AS VARCHAR), 'unknown')`;
}
