import { z } from "zod";
import { openCase, recordedRun } from "../cases/index.js";
import { currentCell, interrupted } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";

/**
 * Asks the reader of the notebook for a line of text, and waits for it. The answer is an input of the notebook: with
 * an open case it is recorded, and a replay answers with it instead of asking. For a password, use {@link askSecret}.
 *
 * @param prompt what the reader sees beside the input field.
 * @returns the text as it was typed; empty when nothing was.
 * @throws SkbookError `STDIN_NOT_ALLOWED` where nobody can answer (`skbook run`, nbconvert, a plain script),
 *   `INTERRUPTED`, or in a replay `NOT_RECORDED`.
 */
export async function ask(prompt: string): Promise<string> {
  const { bytes, outcome } = await recordedRun<string>(
    { kind: "answer", name: "ask", host: "localhost", params: { prompt } },
    z.string(),
    () => ({ bytes: nothing(), outcome: answerTo(prompt, false) }),
  );
  for await (const _ of bytes);
  return outcome;
}

/**
 * Asks the reader of the notebook for a password, in a field that shows nothing of what is typed. The answer goes
 * nowhere but to the caller: no case, history or error holds it. In a replay, which logs in nowhere, nobody is asked and the
 * answer is an empty text.
 *
 * @param prompt what the reader sees beside the input field.
 * @returns the text as it was typed; empty when nothing was, and in a replay.
 * @throws SkbookError `STDIN_NOT_ALLOWED` where nobody can answer (`skbook run`, nbconvert, a plain script), or `INTERRUPTED`.
 */
export async function askSecret(prompt: string): Promise<string> {
  if ((await openCase())?.mode === "replay") return "";
  return answerTo(prompt, true);
}

async function answerTo(prompt: string, secret: boolean): Promise<string> {
  const cell = currentCell();
  const tried = `ask "${prompt}"`;
  if (cell?.ask === undefined) {
    throw new SkbookError({
      code: "STDIN_NOT_ALLOWED",
      tried,
      failed: "nobody is there to answer: this is no cell of a notebook that a person runs",
      todo: "run the cell in JupyterLab or another interactive front end; for unattended runs, declare the value in the cell tagged 'parameters' and give it with skbook run -p NAME=VALUE",
    });
  }
  return cell.ask(prompt, { secret, signal: cell.signal }).catch(() => {
    throw interrupted(tried);
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
