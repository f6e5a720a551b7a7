import { printable, visible } from "../../lib/html/index.js";

const codeWidth = 60;

/** One line per cell on stderr; on a terminal it is there while the cell runs. */
export class Progress {
  #label = "";
  #code = "";
  #since = 0;

  starts(number: number, total: number, source: string): void {
    this.#label = `[${String(number).padStart(String(total).length)}/${total}]`;
    this.#code = visible(firstLineOf(source));
    this.#since = performance.now();
    if (process.stderr.isTTY) process.stderr.write(`${this.#label} ..              ${this.#code}`);
  }

  ends(failure: string | undefined): void {
    const seconds = ((performance.now() - this.#since) / 1000).toFixed(1).padStart(6);
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    process.stderr.write(
      `${this.#label} ${failure === undefined ? "ok    " : "failed"} ${seconds} s  ${this.#code}\n`,
    );
    if (failure !== undefined) process.stderr.write(`${printable(failure)}\n`);
  }
}

function firstLineOf(source: string): string {
  const line =
    source.split("\n").find((text) => text.trim() !== "" && !text.trim().startsWith("//")) ?? source.trim();
  return line.length > codeWidth ? `${line.slice(0, codeWidth - 1)}…` : line;
}
