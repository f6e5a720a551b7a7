/** Answers what a page asks about something that a cell has shown. */
export type Answerer = (question: unknown) => Promise<unknown>;

/** A kernel looks here for who answers; also where it has another copy of this module. */
const hook: unique symbol = Symbol.for("skbook.answerers") as never;

function answerers(): Map<string, Answerer> {
  const shared = globalThis as { [hook]?: Map<string, Answerer> };
  shared[hook] ??= new Map();
  return shared[hook];
}

/** Has questions of pages about a kind of thing answered, as long as the kernel lives. */
export function answerQuestions(about: string, answerer: Answerer): void {
  answerers().set(about, answerer);
}

/** Who answers questions about a kind of thing. */
export function answererOf(about: string): Answerer | undefined {
  return answerers().get(about);
}
