/** A kernel stack as bpftrace prints it, one function on a line, innermost first: `a+1 < b+2`. null where it could not be taken. */
export function stackOf(printed: string): string | null {
  const functions = printed
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return functions.length === 0 ? null : functions.join(" < ");
}
