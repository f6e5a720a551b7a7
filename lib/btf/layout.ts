/** Where a field is in the outermost struct of its path, and what it is. */
export interface FieldLayout {
  /** In bytes. */
  offset: number;
  /** In bytes; of a bit field, of the number that is read for it: 1, 2, 4 or 8, which need not be what the field was declared with. */
  size: number;
  /** BTF made before Linux 6.0 calls no enum signed. */
  signed: boolean;
  /** `integer` (booleans and characters too), `pointer`, `struct`, `union`, `array`, `enum` or `float`. */
  kind: string;
  /** The number at `offset`, shifted right by `shift`, has it in its lowest `bits`. null where the field is no bit field. */
  bitfield: null | { shift: number; bits: number };
}

/**
 * How a kernel and its modules lay out their structs, as their BTF says.
 *
 * Several structs may have one name: in files of the kernel that don't know each other, or in modules. What all of them agree on is
 * answered; where they don't, null, for nobody knows which is meant. `vmlinux:console.index` and `openvswitch:vport.dev` mean that file's.
 * A typedef's name stands for a struct that has no name of its own.
 */
export interface Layouts {
  /**
   * Looks up a field by its path from a struct: `sk_buff.head`, `net_device.nd_net.net`, `nf_conn.tuplehash[0].tuple.dst.protonum`. Members of
   * anonymous structs and unions are their parent's, as in C. null where the struct or the field isn't there, an index is beyond the
   * array, or a pointer is on the way: pointers are not followed.
   *
   * @throws SkbookError `BAD_PARAMETER` for what is no path, `BTF_UNREADABLE` where types contradict each other.
   */
  field(path: string): FieldLayout | null;
  /** Bytes of a struct or union; null where it isn't there. */
  size(struct: string): number | null;
  /** Whether there is a struct or union of that name. */
  has(struct: string): boolean;
  /** Position, from 0, of a named argument of a function; null where function or argument aren't known. */
  argument(fn: string, name: string): number | null;
}
