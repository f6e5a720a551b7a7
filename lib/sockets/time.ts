const month = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const dates = [
  /\b(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s*(Z|UTC|[+-]\d\d:?\d\d)?/,
  new RegExp(`\\b${month} +\\d{1,2} \\d\\d:\\d\\d:\\d\\d (?:UTC|GMT) \\d{4}`),
  /^\W*(?:(?:time(?:stamp)?|date|ts)\W*)?(\d{10})(?:\.(\d{1,9}))?\W*$/i,
  /^\W*(?:(?:time(?:stamp)?|date|ts)\W*)?(\d{13}|\d{16}|\d{19})\W*$/i,
] as const;

/**
 * The time that a line says, in nanoseconds since 1970; null where it says none. ISO 8601, with or without a zone (then it is taken for UTC), what `date` prints in
 * UTC, and seconds, milliseconds, microseconds or nanoseconds since 1970.
 */
export function saidTime(line: string): bigint | null {
  const [iso, printed, epoch, long] = dates.map((pattern) => pattern.exec(line));
  if (iso != null) {
    const [, day, clock, fraction = "", zone = "Z"] = iso;
    const ms = Date.parse(`${day}T${clock}${zone === "UTC" ? "Z" : zone}`);
    return Number.isNaN(ms) ? null : BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
  }
  if (printed != null) {
    const ms = Date.parse(printed[0]);
    return Number.isNaN(ms) ? null : BigInt(ms) * 1_000_000n;
  }
  if (epoch != null) return BigInt(`${epoch[1]}${(epoch[2] ?? "").padEnd(9, "0")}`);
  return long == null ? null : BigInt((long[1] as string).padEnd(19, "0"));
}
