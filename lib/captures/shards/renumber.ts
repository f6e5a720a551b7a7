const tab = 0x09;
const comma = 0x2c;

type Numbering = "frame" | "tcp" | "udp";

/** Fields whose values count something of the whole file. */
const numbered = new Map<string, Numbering>([
  ["frame.number", "frame"],
  ["tcp.stream", "tcp"],
  ["udp.stream", "udp"],
]);

/** Turns the numbers that tshark gave packets and conversations of a shard into those of the whole file. */
export class Renumbering {
  private readonly places: [field: number, numbering: Numbering][];
  /** How many conversations were met so far: tshark numbers them in the order in which they begin. */
  private readonly met = { tcp: 0, udp: 0 };
  private readonly streams: { tcp: number[]; udp: number[] }[];

  constructor(
    fields: readonly string[],
    private readonly shards: readonly { frames: Uint32Array }[],
  ) {
    this.places = fields.flatMap((name, field) => {
      const numbering = numbered.get(name);
      return numbering === undefined ? [] : [[field, numbering] as [number, Numbering]];
    });
    this.streams = shards.map(() => ({ tcp: [], udp: [] }));
  }

  /** Writes a line, its numbers replaced, and says where it ends. */
  write(shard: number, line: Buffer, start: number, end: number, target: Buffer, offset: number): number {
    let at = start;
    let copied = start;
    let field = 0;
    let written = offset;
    for (const [place, numbering] of this.places) {
      for (; field < place; field++) at = line.indexOf(tab, at) + 1;
      written = copy(line, copied, at, target, written);
      while (isDigit(line[at])) {
        let local = 0;
        for (; isDigit(line[at]); at++) local = local * 10 + (line[at] as number) - 0x30;
        written = writeNumber(this.global(shard, numbering, local), target, written);
        if (line[at] === comma) target[written++] = line[at++] as number;
      }
      copied = at;
    }
    return copy(line, copied, end, target, written);
  }

  private global(shard: number, numbering: Numbering, local: number): number {
    if (numbering === "frame") return this.shards[shard]?.frames[local - 1] as number;
    const known = this.streams[shard]?.[numbering] as number[];
    known[local] ??= this.met[numbering]++;
    return known[local];
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function copy(source: Buffer, start: number, end: number, target: Buffer, offset: number): number {
  // Short pieces are copied faster by hand.
  if (end - start > 64) return offset + source.copy(target, offset, start, end);
  let to = offset;
  for (let at = start; at < end; at++) target[to++] = source[at] as number;
  return to;
}

function writeNumber(value: number, target: Buffer, offset: number): number {
  let length = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) length += 1;
  let rest = value;
  for (let at = offset + length - 1; at >= offset; at--) {
    target[at] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return offset + length;
}
