import type { Content } from "../../kernel/wire/index.js";
import { type Random, randomNumbers } from "../fixtures/random.js";

export interface RandomCell {
  code: string;
  options: Content;
  /** What its reply must say; `aborted` only if it arrived before an earlier cell of its burst failed. */
  status: "ok" | "error";
  /** It never ends: how long after its beginning it is interrupted. */
  interruptAfterMs: number | undefined;
  /** What a front end asks at the same time. */
  question: string | undefined;
}

const names = ["host", "flow", "rows", "port", "Site", "count"];
const questions = ["complete", "inspect", "is_complete", "history", "kernel_info"];
const pause = "new Promise((resolve) => setTimeout(resolve, 5))";

/** Each makes the code of a cell that ends well. */
const valid: ((random: Random) => string)[] = [
  (random) => `${integer(random, 100)} + ${integer(random, 100)}`,
  (random) => `const ${pick(random, names)} = ${integer(random, 1000)};`,
  (random) => `let ${pick(random, names)} = 'text ${integer(random, 1000)}';`,
  (random) => `function ${pick(random, names)}(n: number): number { return n + ${integer(random, 9)}; }`,
  (random) => `class ${pick(random, names)} { bytes = ${integer(random, 9)}; }`,
  (random) =>
    `let a = 0; ({ rows: a } = { rows: ${integer(random, 9)} }); const { port: renamed } = { port: a }; renamed`,
  (random) => `await ${pause}; [${integer(random, 9)}].map((n) => n * 2)`,
  () => `let sum = 0; for await (const n of [1, Promise.resolve(2)]) sum += n; sum`,
  (random) => `for (let i = 0; i < ${integer(random, 2000)}; i++) console.log("line", i);`,
  () => `console.error("a warning"); process.stdout.write("half a line");`,
  () => `import { clearOutput, display } from "skbook"; await display("shown"); clearOutput(); 1`,
  () => `setTimeout(() => console.log("late"), ${5});`,
  () => `setTimeout(() => { throw new Error("late"); }, 5); 'thrown later'`,
  () => `Promise.reject(new Error("nobody waits for it")); 1`,
  () => "",
  () => "({ a: [1, 2, { b: new Map([[1, 2]]) }] })",
];

/** Each makes the code of a cell that fails. */
const failing: ((random: Random) => string)[] = [
  () => "throw new RangeError('too far');",
  () => "throw { not: 'an error' };",
  () => `await ${pause}; throw new Error('after a while');`,
  () => "(undefined as any).property",
  (random) => `const ${pick(random, names)}: number = 'no number';`,
  () => "const 1 = 2",
  () => "function half(",
  () => "noSuchName",
  () => "import { nothing } from 'no-such-package'; nothing",
];

/** Each makes the code of a cell that ends only when it is interrupted. */
const endless = ["await new Promise(() => {});", "for (;;);", `await ${pause}; for (;;);`];

/** Bursts of cells that are sent at once, the same ones for the same seed. */
export function* randomCells(seed: number, count: number): Generator<RandomCell[]> {
  const random = randomNumbers(seed);
  for (let left = count; left > 0; ) {
    const burst =
      random() < 0.03
        ? [endlessCell(random)]
        : Array.from({ length: 1 + integer(random, 4) }, () => cell(random));
    yield burst.slice(0, left);
    left -= burst.length;
  }
}

function cell(random: Random): RandomCell {
  const fails = random() < 0.25;
  const code = pick(random, fails ? failing : valid)(random);
  const options: Content = {};
  if (random() < 0.1) options.silent = true;
  if (random() < 0.1) options.store_history = false;
  if (random() < 0.05) options.user_expressions = { sum: "1 + 1", wrong: "noSuchName" };
  if (random() < 0.3) options.stop_on_error = false;
  const question = random() < 0.3 ? pick(random, questions) : undefined;
  return { code, options, status: fails ? "error" : "ok", interruptAfterMs: undefined, question };
}

function endlessCell(random: Random): RandomCell {
  const code = pick(random, endless);
  return { code, options: {}, status: "error", interruptAfterMs: integer(random, 60), question: undefined };
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[integer(random, list.length)] as T;
}

function integer(random: Random, below: number): number {
  return Math.floor(random() * below);
}
