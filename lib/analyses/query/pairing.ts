/** Several points, queues or cores may put an answer this far before its question. */
export const disorderNs = 10_000_000;

/** The clock of one direction may be this far behind the other's, as in files of two hosts that were put together. */
export const behindNs = 1_000_000_000;

/** In SQL: a time between two events; null where clock or order make it negative. */
export function elapsed(from: string, to: string): string {
  return `CASE WHEN ${to} >= ${from} THEN ${to} - ${from} END`;
}

/**
 * In SQL: each answer with the last question that came before it and that `same` says is its own, as columns `question` and `answer` with
 * their frames. Times tell what came before; where they can't (a clock that was set back, no times) the order in the file does. What is left
 * of both, the answer before its question, is one whose clock is behind.
 *
 * @param same conditions on `asked` and `answers`.
 */
export function paired(questions: string, answers: string, same: string): string {
  const matched = (order: string, from: string, to = questions) => `
    SELECT asked.frame AS question, answers.frame AS answer FROM ${from} answers ASOF JOIN ${to} asked ON ${same} AND ${order}`;
  const left = (relation: string, column: string, ...those: string[]) =>
    `(SELECT * FROM ${relation} WHERE ${those.map((matches) => `frame NOT IN (SELECT ${column} FROM ${matches})`).join(" AND ")})`;
  const unanswered = left(questions, "question", "timed", "filed");
  return `
    WITH timed AS (${matched(`answers.time_ns + ${disorderNs} >= asked.time_ns`, answers)}),
    filed AS (${matched("answers.frame >= asked.frame", left(answers, "answer", "timed"))}),
    ahead AS (${matched("answers.time_ns <= asked.time_ns", left(answers, "answer", "timed", "filed"), unanswered)})
    FROM timed UNION ALL FROM filed
    UNION ALL (
      SELECT question, answer FROM ahead JOIN ${questions} asked ON asked.frame = question JOIN ${answers} answers ON answers.frame = answer
      WHERE asked.time_ns - answers.time_ns <= ${behindNs})`;
}
