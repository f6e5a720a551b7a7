/** A sequence number has 32 bits (RFC 9293), a relative one too. */
const modulus = 2 ** 32;
const half = modulus / 2;

/**
 * In SQL, an edge of a SACK block on the scale of `ack_number`, which doesn't wrap: by its distance from the ack of the same packet, the shorter
 * way around.
 */
export function onScale(edge: string): string {
  return `ack_number + (${edge} - tcp_ack + ${modulus + half}) % ${modulus} - ${half}`;
}

/** In SQL, a list of such edges of a text of them. */
export function edgesOnScale(edges: string): string {
  return `list_transform(string_split(${edges}, ','), x -> ${onScale("CAST(x AS BIGINT)")})`;
}
