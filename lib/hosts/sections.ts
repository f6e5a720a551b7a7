/** What a host says of itself, as text by section: see {@link takeSnapshot}'s script for the sections. */
export type Snapshot = { readonly [section: string]: string };

/** `say NAME` begins a section. */
export const sayFunction = "say() { printf '\\036%s\\037' \"$1\"; }";

/** What a script printed, by section. */
export function sections(text: string): Snapshot {
  const parts = text.split("\u001e").filter((part) => part.includes("\u001f"));
  return Object.fromEntries(
    parts.map((part) => {
      const end = part.indexOf("\u001f");
      return [part.slice(0, end), part.slice(end + 1).trim()];
    }),
  );
}

/** ISO 8601 of nanoseconds since 1970, as a script of ours says them by `date +%s%N`; null where it didn't. */
export function timeOf(nanoseconds: string | undefined): string | null {
  if (nanoseconds === undefined || !/^\d{15,19}$/.test(nanoseconds)) return null;
  return new Date(Number(BigInt(nanoseconds) / 1_000_000n)).toISOString();
}
