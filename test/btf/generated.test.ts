import { expect, test } from "vitest";
import { type FieldLayout, parseBtf } from "../../lib/btf/index.js";
import { type Expected, generate } from "./generated.js";

/** Bits of a struct that a layout reads, by what a probe does: a number from the offset, shifted and masked. */
function bitsRead({ offset, size, bitfield }: FieldLayout): [from: number, to: number] {
  const from = 8 * offset + (bitfield?.shift ?? 0);
  return [from, from + (bitfield?.bits ?? 8 * size)];
}

const wanted = ({ bits, width }: Expected) => [bits, bits + width];

test("what is written is found where it was put, of 50 sets of types", () => {
  let bitfields = 0;
  let fields = 0;
  for (let seed = 0; seed < 50; seed += 1) {
    const { btf, expected } = generate(seed);
    const layouts = parseBtf(btf.bytes());
    for (const field of expected) {
      const layout = layouts.field(field.path);
      fields += 1;
      if (layout === null) {
        // No number of eight bytes has it.
        expect(field.isBitfield && field.width + (field.bits % 8) > 64, `${seed}: ${field.path}`).toBe(true);
        continue;
      }
      expect(bitsRead(layout), `${seed}: ${field.path}`).toEqual(wanted(field));
      expect(layout.bitfield !== null).toBe(field.isBitfield);
      if (field.isBitfield) {
        bitfields += 1;
        expect([1, 2, 4, 8]).toContain(layout.size);
        const outer = layouts.size(field.path.split(".")[0] as string) as number;
        expect(layout.offset + layout.size, `${seed}: ${field.path}`).toBeLessThanOrEqual(
          Math.max(outer, layout.size),
        );
      }
    }
  }
  expect(fields).toBeGreaterThan(10_000);
  expect(bitfields).toBeGreaterThan(1_000);
});
