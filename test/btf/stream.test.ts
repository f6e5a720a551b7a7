import { expect, test } from "vitest";
import { takeApart } from "../../lib/hosts/btf/stream.js";

const hash = "0".repeat(64);
const whole = Buffer.from(`vmlinux 8\nab\nc\0\n\n\ntun same ${hash}\nvhost none\ncomplete\n`, "latin1");

test("what a host says of its files is taken apart", () => {
  expect(takeApart(whole, "h1")).toEqual([
    { name: "vmlinux", bytes: Buffer.from("ab\nc\0\n\n\n"), same: null },
    { name: "tun", bytes: null, same: hash },
    { name: "vhost", bytes: null, same: null },
  ]);
});

test("wherever it is cut, it isn't taken for whole", () => {
  for (let length = 0; length < whole.length; length += 1) {
    expect(() => takeApart(whole.subarray(0, length), "h1")).toThrow(
      expect.objectContaining({ code: "BTF_UNREADABLE" }),
    );
  }
});
