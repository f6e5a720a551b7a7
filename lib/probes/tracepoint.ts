/** Where a tracepoint's record has a field. */
export interface TracepointField {
  offset: number;
  size: number;
  signed: boolean;
  /** Text of variable length: the record has its offset and length here. */
  dynamic: boolean;
  /** Its length is the size of this struct, which bpftrace has to be told. */
  sizedBy?: "sockaddr_in6";
}

/** What a host says of one tracepoint, from its format file. */
export interface Tracepoint {
  fields: ReadonlyMap<string, TracepointField>;
  /** Number to name, for a field that the kernel prints with a table of symbols. */
  symbols: ReadonlyMap<number, string>;
}

export function parseFormat(format: string): Tracepoint {
  const symbols = [...format.matchAll(/\{ (\d+), "(\w+)" \}/g)].map(
    (match) => [Number(match[1]), match[2] as string] as const,
  );
  return { fields: fieldsOf(format), symbols: new Map(symbols) };
}

/** The fields of a tracepoint's own, from its format file. */
export function fieldsOf(format: string): Map<string, TracepointField> {
  const fields = format.matchAll(
    /^\s+field:([^;]*?)(\w+)(?:\[([^\]]*)\])?;\s*offset:(\d+);\s*size:(\d+);\s*signed:([01]);/gm,
  );
  const own = [...fields].filter(([, , name = ""]) => !name.startsWith("common_"));
  return new Map(
    own.map(([, type = "", name = "", length, offset, size, signed]) => [
      name,
      {
        offset: Number(offset),
        size: Number(size),
        signed: signed === "1",
        dynamic: type.includes("__data_loc"),
        ...(length === "sizeof(struct sockaddr_in6)" ? { sizedBy: "sockaddr_in6" } : {}),
      },
    ]),
  );
}
