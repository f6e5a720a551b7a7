/** `2024-05-01 12:00:00.000000001` in UTC; the number itself where no calendar reaches. */
export function utcTime(nanoseconds: number | bigint): string {
  const { date, fraction } = parts(nanoseconds);
  if (Number.isNaN(date.getTime())) return String(nanoseconds);
  return `${date.toISOString().slice(0, -5).replace("T", " ")}.${fraction}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The same to the microsecond in a time zone: `2024-05-01 14:00:00.000000`. */
export function zoneTime(nanoseconds: number | bigint, zone: string): string {
  const { date, fraction } = parts(nanoseconds);
  if (Number.isNaN(date.getTime())) return String(nanoseconds);
  let format = formats.get(zone);
  if (format === undefined) {
    // Swedish writes dates as ISO 8601 does.
    format = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: zone });
    formats.set(zone, format);
  }
  return `${format.format(date)}.${fraction.slice(0, 6)}`;
}

/** A date, or date and time, of UTC as nanoseconds since 1970; undefined for anything else. */
export function nanosecondsOf(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?Z?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, day, minute = "00:00", second = "00", fraction = ""] = match;
  const milliseconds = Date.parse(`${day}T${minute}:${second}Z`);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

function parts(given: number | bigint): { date: Date; fraction: string } {
  // danfojs changes values in place: what was a time may be a fraction, or no number any more.
  if (typeof given === "number" && !Number.isFinite(given))
    return { date: new Date(Number.NaN), fraction: "" };
  const nanoseconds = typeof given === "number" ? BigInt(Math.round(given)) : given;
  const fraction = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (nanoseconds - fraction) / 1_000_000_000n;
  return { date: new Date(Number(seconds) * 1000), fraction: String(fraction).padStart(9, "0") };
}
