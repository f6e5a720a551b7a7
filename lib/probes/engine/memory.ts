import { type Bpf, needsOf } from "../text/bpf.js";
import { MapUse } from "../text/maps.js";

/** What one map of a program takes of the kernel's memory, at most: it is set aside when the program is loaded. */
export interface MapMemory {
  map: string;
  keys: number;
  bytes: number;
}

/** Of an element of a hash map, beside key and value (struct htab_elem), and of its bucket. */
const [elementBytes, bucketBytes] = [48, 16];

/**
 * Memory of the maps that a program names. A hash sets all its elements aside; one that keeps a value for each CPU has as many of them. A count
 * without a key is an array of one element.
 */
export function memoryOf(program: Bpf, mapKeys: number, cpus: number): MapMemory[] {
  const uses = [...needsOf(program)].filter((need): need is MapUse => need instanceof MapUse);
  // A map may be named as a whole, too.
  const maps = new Map([...uses].sort((a, b) => a.keyBytes - b.keyBytes).map((use) => [use.map.name, use]));
  return [...maps.values()].map(({ map, keyBytes }) => {
    const keys = map.perCpu && keyBytes === 0 ? 1 : mapKeys;
    const values = map.perCpu ? cpus * map.valueBytes : map.valueBytes;
    const buckets = 2 ** Math.ceil(Math.log2(keys)) * bucketBytes;
    return { map: map.name, keys, bytes: keys * (elementBytes + Math.max(8, keyBytes) + values) + buckets };
  });
}
