import { sessionKey } from "../cases/index.js";

/** What is asked for once for each case, so that every case carries the answer; a failure is not kept. */
export class OncePerCase<Answer> {
  private taken: { session: object; answer: Promise<Answer> } | undefined;

  constructor(private readonly ask: () => Promise<Answer>) {}

  async get(): Promise<Answer> {
    const session = await sessionKey();
    if (this.taken?.session !== session) this.taken = { session, answer: this.ask() };
    const { answer } = this.taken;
    answer.catch(() => this.forget());
    return answer;
  }

  forget(): void {
    this.taken = undefined;
  }
}
