import type { Column, ColumnType, Value } from "../../tables/index.js";
import { field, fieldAt } from "./fields.js";
import type { IpLayer, Layers } from "./layers.js";
import type { Row } from "./row.js";

/** A column of the packet Table and how it is read off a row. */
export interface PacketColumn {
  column: Column;
  /** The tshark fields that it is read off, besides those of every row. */
  needs: readonly string[];
  read(row: Row): Value;
}

type About = [name: string, unit: string | null, meaning: string];

/** @param needed places of the fields that `read` looks at. */
export function column(
  [name, unit, meaning]: About,
  type: ColumnType,
  needed: readonly number[],
  read: PacketColumn["read"],
): PacketColumn {
  return {
    column: unit === null ? { name, type, meaning } : { name, type, unit, meaning },
    needs: needed.map(fieldAt),
    read,
  };
}

/** A number; BIGINT for what a file can give 32 bits without a sign. */
export function integer(about: About, tshark: string, type: "INTEGER" | "BIGINT" = "INTEGER"): PacketColumn {
  const at = field(tshark);
  return column(about, type, [at], (row) => row.integer(at));
}

export function text(about: About, tshark: string): PacketColumn {
  const at = field(tshark);
  return column(about, "VARCHAR", [at], (row) => row.text(at));
}

/** An address in one of the packet's IP layers. */
export function address(
  about: About,
  end: "src" | "dst",
  layer: (layers: Layers) => IpLayer | null,
): PacketColumn {
  const v4 = field(`ip.${end}`);
  const v6 = field(`ipv6.${end}`);
  return column(about, "VARCHAR", [v4, v6], (row) => {
    const ip = layer(row.layers);
    return ip === null ? null : row.textAt(ip.version === 4 ? v4 : v6, ip.at);
  });
}

/** A number in the innermost IP header of the packet's own. */
export function ipInteger(about: About, ip: string, ipv6: string | null): PacketColumn {
  const v4 = field(ip);
  const v6 = ipv6 === null ? null : field(ipv6);
  return column(about, "INTEGER", v6 === null ? [v4] : [v4, v6], (row) => {
    const { inner } = row.layers;
    const at = inner?.version === 6 ? v6 : v4;
    return inner === null || at === null ? null : row.integer(at, inner.at);
  });
}

/** A value of the packet's own TCP header, never of one that an ICMP error quotes. */
export function tcp(about: About, type: "INTEGER" | "BIGINT", tshark: string): PacketColumn {
  const at = field(tshark);
  return column(about, type, [at], (row) => {
    return row.layers.transport === "tcp" ? row.integer(at, row.layers.transportAt) : null;
  });
}

/** Seconds with a fraction, as whole nanoseconds, of the packet's own TCP. */
export function tcpTime(about: About, tshark: string): PacketColumn {
  const at = field(tshark);
  return column(about, "BIGINT", [at], (row) => (row.layers.transport === "tcp" ? row.scaled(at, 9) : null));
}

/** Whether tshark's analysis marked the packet; null for what is not TCP. */
export function tcpMark(name: string, meaning: string, tshark = `tcp.analysis.${name}`): PacketColumn {
  const at = field(tshark);
  return column([name, null, meaning], "BOOLEAN", [at], (row) =>
    row.layers.transport === "tcp" ? row.has(at) : null,
  );
}
