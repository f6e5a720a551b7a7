import { expect, test } from "vitest";
import { withExamples } from "../../docs/generator/examples.js";

const line = "<!-- example: a.ts -->";
const read = (text: string | null) => (path: string) => (path === "a.ts" ? text : null);

test("an example is put below its line, and replaced when its file has changed", () => {
  const first = withExamples(`# Guide\n\n${line}\n\nText.\n`, read("one();\n"));
  expect(first).toBe(`# Guide\n\n${line}\n\n\`\`\`ts\none();\n\`\`\`\n\nText.\n`);
  expect(withExamples(first, read("one();\n"))).toBe(first);
  const second = withExamples(first, read("const price = `$${2}`;\n"));
  expect(second).toBe(first.replace("one();", () => "const price = `$${2}`;"));
});

test("a line whose file isn't there stays alone", () => {
  const guide = `${line}\n\nText.\n\n\`\`\`ts\nother();\n\`\`\`\n`;
  expect(withExamples(guide, read(null))).toBe(guide);
  expect(withExamples(guide, read("one();"))).toContain("other();");
});
