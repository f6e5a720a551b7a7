import { z } from "zod";

const prefixes: { [letter: string]: number } = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };
const shape = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:bit\/s|bps|b\/s)$/i;

/** A bandwidth with its unit, in bits per second: `25 Gbit/s`, `100Mbps`. Bytes, and numbers without a unit, are refused. */
export const Bandwidth = z
  .string()
  .regex(shape, 'a bandwidth with its unit in bits: "25 Gbit/s", "100 Mbps"')
  .refine((text) => !/B(?:\/[sS]|[pP][sS])$/.test(text), { error: 'bits, not bytes: "25 Gbit/s"' })
  .transform((text) => {
    const [, number, prefix = ""] = shape.exec(text) ?? [];
    return Number(number) * (prefixes[prefix.toLowerCase()] as number);
  })
  .refine((bits) => bits > 0, { error: "more than nothing" });
