import type { Content } from "../wire/index.js";

/** The cells run so far, for the history requests of consoles. Kept for the life of the kernel. */
export class History {
  readonly #inputs: { line: number; input: string }[] = [];

  add(line: number, input: string): void {
    this.#inputs.push({ line, input });
  }

  /**
   * Rows `[session, line, input]`, oldest first; where outputs are asked for, the input comes with an empty one, as
   * none are kept. There is one session: the running one, number 1.
   */
  answer(request: Content): [number, number, string | [string, null]][] {
    const withOutput = request.output === true;
    return this.#select(request).map(({ line, input }) => [1, line, withOutput ? [input, null] : input]);
  }

  #select(request: Content): { line: number; input: string }[] {
    const count = typeof request.n === "number" ? request.n : Number.POSITIVE_INFINITY;
    if (request.hist_access_type === "range") {
      const start = Number(request.start ?? 0);
      const stop = Number(request.stop ?? Number.POSITIVE_INFINITY);
      return this.#inputs.filter(({ line }) => line >= start && line < stop);
    }
    if (request.hist_access_type === "tail") return lastOf(this.#inputs, count);
    const pattern = globPattern(String(request.pattern ?? "*"));
    const matching = this.#inputs.filter(({ input }) => pattern.test(input));
    const last = new Map(matching.map((entry) => [entry.input, entry]));
    return lastOf(request.unique === true ? [...last.values()] : matching, count);
  }
}

function lastOf<T>(list: T[], count: number): T[] {
  return list.slice(Math.max(0, list.length - count));
}

/** `*` and `?` match as in file names. */
function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
}
