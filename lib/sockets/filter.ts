import ipaddr from "ipaddr.js";
import { z } from "zod";

const address = z
  .string()
  .refine(
    (text) =>
      ipaddr.isValidCIDR(text) || ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text),
    {
      error: "an address or a prefix: 192.0.2.1, 192.0.2.0/24, 2001:db8::/32",
    },
  );
const port = z.int().min(1).max(65_535);

export const Connections = z.strictObject({
  src: address.optional(),
  dst: address.optional(),
  port: z.union([port, z.array(port).nonempty()]).optional(),
});

/** The words of `ss` for connections between two ends, whichever of both the host is. */
export function filterWords({ src, dst, port }: z.output<typeof Connections>): string[] {
  const between = (own: string | undefined, peer: string | undefined) =>
    all([
      ...(own === undefined ? [] : [["src", ended(own)]]),
      ...(peer === undefined ? [] : [["dst", ended(peer)]]),
    ]);
  const ends = [between(src, dst), between(dst, src)].filter((words) => words.length > 0);
  const ports = port === undefined ? [] : [port].flat();
  const either = ports.flatMap((number) => [
    ["sport", "=", `:${number}`],
    ["dport", "=", `:${number}`],
  ]);
  return all([any(ends), any(either)].filter((words) => words.length > 0));
}

/** The words of `ss` for sockets with one of these own ports. */
export function sportWords(ports: number | number[] | undefined): string[] {
  const all = ports === undefined ? [] : [ports].flat();
  return all.length === 0 ? [] : any(all.map((number) => ["sport", "=", `:${number}`]));
}

/** Addresses among the ends that are asked for, as `ss` writes them; a prefix is none. */
export function addressesOf({ src, dst }: z.output<typeof Connections>): string[] {
  const ends = [src, dst].filter((end) => end !== undefined && !end.includes("/")) as string[];
  return ends.map((end) => ipaddr.process(end).toString());
}

const ended = (address: string) => {
  const [base = "", bits] = address.split("/");
  return `${base.includes(":") ? `[${base}]` : base}${bits === undefined ? "" : `/${bits}`}`;
};
const inBrackets = (words: readonly string[]) => ["(", ...words, ")"];
const joined = (parts: readonly (readonly string[])[], word: string) =>
  parts.flatMap((words, index) => [...(index === 0 ? [] : [word]), ...inBrackets(words)]);
const all = (parts: readonly (readonly string[])[]) => joined(parts, "and");
const any = (parts: readonly (readonly string[])[]) => joined(parts, "or");
