import { AddressPairs } from "./pairs.js";
import { RecordReader, Unsplittable } from "./records.js";

/** Which packet of a capture goes to which shard, or why it can't be split. */
export type Plan = { shard: Uint8Array; packets: number[] } | { unsplittable: string };

/**
 * Divides the packets of a capture among shards of about the same size, so that tshark says of each shard's packets what it would
 * say of them in the whole file.
 *
 * @param packets how many packets the file has.
 */
export function planShards(file: number, packets: number, shards: number): Plan {
  try {
    const pairs = new AddressPairs();
    const groups = readGroups(file, packets, pairs);
    return assign(groups, pairs, shards);
  } catch (error) {
    if (error instanceof Unsplittable) return { unsplittable: error.message };
    throw error;
  }
}

function readGroups(file: number, packets: number, pairs: AddressPairs): Uint32Array {
  const groups = new Uint32Array(packets);
  const reader = new RecordReader(file);
  reader.open();
  let read = 0;
  while (read < packets) {
    const kind = reader.next();
    if (kind === "end") throw new Unsplittable(`only ${read} of its ${packets} packets were found`);
    if (kind === "packet")
      groups[read++] = pairs.groupOf(reader.bytes, reader.data, reader.dataEnd, reader.link);
  }
  return groups;
}

/** The biggest groups first, each to the shard that has the least. */
function assign(groups: Uint32Array, pairs: AddressPairs, shards: number): Plan {
  const sizes = new Map<number, number>();
  for (let at = 0; at < groups.length; at++) {
    const group = pairs.find(groups[at] as number);
    groups[at] = group;
    sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  const packets = Array.from({ length: shards }, () => 0);
  const shardOf = new Map<number, number>();
  for (const [group, size] of [...sizes].sort(([a, x], [b, y]) => y - x || a - b)) {
    const least = packets.indexOf(Math.min(...packets));
    packets[least] = (packets[least] as number) + size;
    shardOf.set(group, least);
  }
  const shard = new Uint8Array(groups.length);
  for (let at = 0; at < groups.length; at++) shard[at] = shardOf.get(groups[at] as number) as number;
  return { shard, packets };
}
