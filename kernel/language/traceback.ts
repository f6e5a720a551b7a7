import { SourceMap } from "node:module";
import { headerLines } from "./executor.js";

/** A place in a cell, counted from 1. */
interface Place {
  label: string;
  line: number;
  column: number;
  text: string;
}

interface Known {
  label: string;
  code: string;
  /** How many lines of JavaScript it became. */
  lines: number;
  map: string;
}

const idPrefix = "skbook-cell:";
const framePlace = /skbook-cell:(\d+):(\d+):(\d+)/;
/** Errors of cells longer ago than this are told without their line. */
const remembered = 500;

/** The cells that have run, to say where in them an error came from. */
export class Tracebacks {
  readonly #cells = new Map<number, Known>();
  #count = 0;

  /** Registers a cell; gives the name under which the engine shows its code in stacks. */
  register(label: string, code: string, { javascript, map }: { javascript: string; map: string }): string {
    const number = ++this.#count;
    this.#cells.set(number, { label, code, lines: javascript.split("\n").length, map });
    this.#cells.delete(number - remembered);
    return `${idPrefix}${number}`;
  }

  /**
   * What a stack says of the cells: the innermost line of a cell with the place marked, and the frames, those of
   * cells with the user's lines and columns. `wanted` chooses among the other frames.
   */
  describe(stack: string, wanted: (frame: string) => boolean): string[] {
    const lines = stack.split("\n").filter((line) => /^\s+at /.test(line));
    const frames = lines.flatMap((line): { line: string; place?: Place }[] => {
      const place = this.#placeOf(line);
      if (place === undefined) return framePlace.test(line) || !wanted(line) ? [] : [{ line }];
      const name = /^\s+at (?:async )?(.+) \(skbook-cell:/
        .exec(line)?.[1]
        ?.replace(/^(exports|Object)\./, "");
      const where = `${place.label}:${place.line}:${place.column}`;
      return [{ line: `    at ${name === undefined ? where : `${name} (${where})`}`, place }];
    });
    const innermost = frames.find(({ place }) => place !== undefined)?.place;
    return [...(innermost === undefined ? [] : excerpt(innermost)), ...frames.map(({ line }) => line)];
  }

  #placeOf(frame: string): Place | undefined {
    const [, number, line, column] = framePlace.exec(frame) ?? [];
    const cell = this.#cells.get(Number(number));
    if (cell === undefined) return undefined;
    const entry = new SourceMap(JSON.parse(cell.map)).findEntry(
      Number(line) - 1 - headerLines,
      Number(column) - 1,
    );
    // The call of the cell as a whole comes behind its last line.
    if (!("originalLine" in entry) || Number(line) - headerLines > cell.lines) return undefined;
    const text = cell.code.split("\n")[entry.originalLine] ?? "";
    return { label: cell.label, line: entry.originalLine + 1, column: entry.originalColumn + 1, text };
  }
}

function excerpt({ label, line, column, text }: Place): string[] {
  return [`${label}, line ${line}:`, `    ${text}`, `    ${text.slice(0, column - 1).replace(/\S/g, " ")}^`];
}
