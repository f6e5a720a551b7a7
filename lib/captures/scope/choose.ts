import { SkbookError } from "../../errors/index.js";
import { type Column, deriveFrame, deriveTable, type Table, type Value } from "../../tables/index.js";
import type { Base } from "../base/index.js";
import { matcher, type TrafficFilter } from "./filter.js";

/** A part of a filter in SQL over `conversations`, and why nothing may meet it. */
interface Condition {
  name: string;
  wanted: unknown;
  sql: string;
  /** What may meet it instead: the hint's text is the first value of the query's rows, joined. */
  hint: { text: string; sql: string };
}

/** What a conversation is by itself; anything else is a layer that some packet of it has. */
const transports = ["tcp", "udp", "sctp", "icmp", "icmpv6"];

const flowNumber: Column = { name: "flow_number", type: "INTEGER", meaning: "a chosen conversation" };

/** The conversations that a filter takes, as a Table of their numbers. Fails when there is none, and no `loose` packet. */
export async function choose(base: Base, filter: TrafficFilter, loose: string | null): Promise<Table> {
  const conditions = await conditionsOf(base, filter);
  const { conversations, packets, sides } = base;
  const all = conditions.map(({ sql }) => `(${sql})`).join(" AND ");
  const chosen = await deriveTable("chosen", {
    sources: { conversations, packets, sides },
    query: `SELECT flow_number FROM conversations WHERE ${all}`,
    columns: [flowNumber],
    provenance: packets.provenance,
  });
  if ((await chosen.count()) === 0 && !(await hasLoose(base, loose)))
    throw await nothingMatches(base, conditions);
  return chosen;
}

/** Whether the filter takes packets that belong to no conversation. */
async function hasLoose({ packets, sides }: Base, loose: string | null): Promise<boolean> {
  if (loose === null) return false;
  const found = await deriveFrame({
    sources: { packets, sides },
    query: `SELECT 1 AS found FROM packets JOIN sides USING (frame) WHERE flow_number IS NULL AND (${loose}) LIMIT 1`,
    columns: [{ name: "found", type: "INTEGER", meaning: "there is one" }],
    provenance: packets.provenance,
  });
  return found.shape[0] === 1;
}

/** In SQL over packets: what belongs to no conversation (a later fragment, ARP) and still meets the filter; null when nothing can. */
export async function looseSql(base: Base, filter: TrafficFilter): Promise<string | null> {
  const { ip, srcIp, dstIp, port, proto, flow } = filter;
  if (port !== undefined || flow !== undefined) return null;
  const known = await addressesOf(base);
  const parts = [
    ip === undefined ? [] : [`src IN ${list(known, ip)} OR dst IN ${list(known, ip)}`],
    srcIp === undefined ? [] : [`src IN ${list(known, srcIp)}`],
    dstIp === undefined ? [] : [`dst IN ${list(known, dstIp)}`],
    proto === undefined ? [] : [hasLayer(proto)],
  ].flat();
  return parts.map((part) => `(${part})`).join(" AND ");
}

async function conditionsOf(base: Base, filter: TrafficFilter): Promise<Condition[]> {
  const { ip, srcIp, dstIp, port, proto, flow } = filter;
  const needed = ip !== undefined || srcIp !== undefined || dstIp !== undefined;
  const known = needed ? await addressesOf(base) : [];
  const conditions: Condition[] = [];
  const add = (name: string, wanted: unknown, sql: string, hint: Condition["hint"]) =>
    conditions.push({ name, wanted, sql, hint });
  if (ip !== undefined) {
    const addresses = list(known, ip);
    add("ip", ip, `client IN ${addresses} OR server IN ${addresses}`, outerHint(ip));
  }
  if (srcIp !== undefined) add("srcIp", srcIp, `client IN ${list(known, srcIp)}`, otherHint("client"));
  if (dstIp !== undefined) add("dstIp", dstIp, `server IN ${list(known, dstIp)}`, otherHint("server"));
  if (port !== undefined) {
    const ports = `(${[port].flat().join(", ")})`;
    add("port", port, `client_port IN ${ports} OR server_port IN ${ports}`, {
      text: "server ports there are",
      sql: "SELECT server_port FROM conversations WHERE server_port IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 8",
    });
  }
  if (proto !== undefined) {
    add(
      "proto",
      proto,
      transports.includes(proto)
        ? `transport = ${text(proto)}`
        : `flow_number IN (SELECT flow_number FROM sides JOIN packets USING (frame) WHERE quoted_src IS NULL AND ${hasLayer(proto)})`,
      {
        text: "layers there are",
        sql: `SELECT layer FROM (SELECT unnest(string_split(protocols, ':')) AS layer FROM packets) GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 20`,
      },
    );
  }
  if (flow !== undefined) {
    add("flow", flow, `flow IN (${[flow].flat().map(text).join(", ")})`, {
      text: "ids come from flows(), such as",
      sql: "SELECT flow FROM conversations LIMIT 4",
    });
  }
  return conditions;
}

async function nothingMatches(base: Base, conditions: Condition[]): Promise<SkbookError> {
  const { packets, conversations, sides } = base;
  const ask = async (query: string): Promise<Value[]> => {
    const column: Column = { name: "answer", type: "VARCHAR", meaning: "answer" };
    const frame = await deriveFrame({
      sources: { packets, conversations, sides },
      query: `SELECT * FROM (${query}) AS asked(answer)`,
      columns: [column],
      provenance: packets.provenance,
    });
    return (frame.values as Value[][]).map(([value]) => value ?? null);
  };
  const tried = `choose conversations by ${JSON.stringify(Object.fromEntries(conditions.map(({ name, wanted }) => [name, wanted])))}`;
  const code = "NOTHING_MATCHES";
  for (const { name, wanted, sql, hint } of conditions) {
    const [count] = await ask(`SELECT count(*) FROM conversations WHERE ${sql}`);
    if (Number(count) > 0) continue;
    const failed = `no conversation has ${name} ${[wanted].flat().join(" or ")}`;
    const found = await ask(hint.sql);
    return new SkbookError({
      code,
      tried,
      failed,
      todo: `${hint.text} ${found.join(", ")}`,
      details: { condition: name },
    });
  }
  return new SkbookError({
    code,
    tried,
    failed: "each condition is met by some conversation, but none meets all",
    todo: "drop one; srcIp is who opened the conversation, dstIp who answered, ip and port are either end's",
  });
}

function outerHint(ip: string | string[]): Condition["hint"] {
  const busiest = "SELECT client FROM conversations GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 6";
  return {
    text: `addresses are the innermost ones (for a tunnel's own ends use filter: ${JSON.stringify(`ip.addr == ${[ip].flat()[0]}`)}); clients there are`,
    sql: busiest,
  };
}

function otherHint(end: "client" | "server"): Condition["hint"] {
  return {
    text: `srcIp is who opened the conversation, dstIp who answered, ip is either; ${end}s there are`,
    sql: `SELECT ${end} FROM conversations GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 8`,
  };
}

async function addressesOf({ packets }: Base): Promise<string[]> {
  const query =
    "SELECT src AS address FROM packets WHERE src IS NOT NULL UNION SELECT dst FROM packets WHERE dst IS NOT NULL";
  const column: Column = { name: "address", type: "VARCHAR", meaning: "seen in the capture" };
  const table = await deriveTable("addresses", {
    sources: { packets },
    query,
    columns: [column],
    provenance: packets.provenance,
  });
  const frame = await table.toFrame({ limit: 5_000_000 });
  return (frame.values as Value[][]).map(([address]) => String(address));
}

/** A list that SQL's IN takes; empty lists need a value, and null is equal to nothing. */
function list(known: readonly string[], wanted: string | string[]): string {
  const matching = known.filter(matcher(wanted)).map(text);
  return `(${matching.length === 0 ? "NULL" : matching.join(", ")})`;
}

function hasLayer(layer: string): string {
  return `list_contains(string_split(protocols, ':'), ${text(layer)})`;
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
