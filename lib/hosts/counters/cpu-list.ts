/** Where the kernel says of its CPUs what they are. */
export const cpuRoot = "/sys/devices/system/cpu";

/** Command that lists the NUMA node of each CPU, for {@link nodesOf}. */
export const listNodes = `ls -d ${cpuRoot}/cpu[0-9]*/node[0-9]*`;

/** The NUMA node of each CPU. */
export function nodesOf(text = ""): Map<number, number> {
  return new Map(
    [...text.matchAll(/\/cpu(\d+)\/node(\d+)$/gm)].map(
      ([, cpu, node]) => [Number(cpu), Number(node)] as const,
    ),
  );
}

/** Numbers of CPUs as the kernel lists them: `0-3,8`. */
export function listed(text = ""): Set<number> {
  return new Set(
    [...text.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, first, last]) => {
      const [from, to] = [Number(first), Math.min(Number(last ?? first), Number(first) + 65_535)];
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
    }),
  );
}

/** The same list of a mask, as the kernel writes one: words of 32 bits in hexadecimal, the highest first. Empty for none; null for what is no mask. */
export function listOfMask(mask: string): string | null {
  if (!/^[\da-f]{1,8}(,[\da-f]{8}){0,255}$/i.test(mask)) return null;
  const bits = BigInt(`0x${mask.replaceAll(",", "")}`).toString(2);
  const ranges: string[] = [];
  for (let from = 0; from < bits.length; from += 1) {
    if (bits.at(-1 - from) !== "1") continue;
    let to = from;
    while (bits.at(-2 - to) === "1") to += 1;
    ranges.push(from === to ? `${from}` : `${from}-${to}`);
    from = to;
  }
  return ranges.join(",");
}
