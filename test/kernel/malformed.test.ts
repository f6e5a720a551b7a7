import { expect, test } from "vitest";
import { decode, encode, newHeader } from "../../kernel/wire/index.js";

const key = "secret";
const header = newHeader("kernel_info_request", "session");
const whole = { identities: [Buffer.from("front end")], header, parent: {}, metadata: {}, content: {} };

function sent(changes: object) {
  const frames = encode({ ...whole, ...changes } as never, key);
  return decode(
    frames.map((frame) => Buffer.from(frame as string)),
    key,
  );
}

test.each([
  ["no header", { header: null }],
  ["a header that is a text", { header: "kernel_info_request" }],
  ["a header without a type", { header: { msg_id: "1" } }],
  ["a type that is a number", { header: { ...header, msg_type: 7 } }],
])("a message with %s is none", (_, changes) => {
  expect(sent(changes)).toBeUndefined();
});

test("a message with nothing in its other parts has empty ones", () => {
  expect(sent({ parent: null, metadata: null, content: null })).toMatchObject({
    header,
    parent: {},
    metadata: {},
    content: {},
  });
});
