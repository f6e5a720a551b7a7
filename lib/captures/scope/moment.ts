/** Seconds since a start, or a time of ISO 8601, as nanoseconds since 1970. */
export function momentNs(moment: number | string, startNs: bigint): bigint {
  if (typeof moment === "number") {
    const seconds = Math.floor(moment);
    return startNs + BigInt(seconds) * 1_000_000_000n + BigInt(Math.round((moment - seconds) * 1e9));
  }
  const [, whole = "", fraction = "", zone = ""] = /^(.*?)(?:\.(\d+))?(Z|[+-][\d:]+)$/.exec(moment) ?? [];
  const nanoseconds = fraction.slice(0, 9).padEnd(9, "0");
  return BigInt(Date.parse(`${whole}${zone}`)) * 1_000_000n + BigInt(nanoseconds);
}
