/** Several points, queues or cores may put an answer this far before its question. */
export const disorderNs = 10_000_000;

/** In SQL: a time between two events; null where clock or order make it negative. */
export function elapsed(from: string, to: string): string {
  return `CASE WHEN ${to} >= ${from} THEN ${to} - ${from} END`;
}

/**
 * In SQL: each answer with the last question that came before it and that `same` says is its own, as columns `question` and `answer` with
 * their frames. Times tell what came before; where they can't (a clock that was set back, no times) the order in the file does.
 *
 * @param same conditions on `asked` and `answers`.
 */
export function paired(questions: string, answers: string, same: string): string {
  const matched = (order: string, from: string) => `
    SELECT asked.frame AS question, answers.frame AS answer FROM ${from} answers ASOF JOIN ${questions} asked ON ${same} AND ${order}`;
  return `
    WITH timed AS (${matched(`answers.time_ns + ${disorderNs} >= asked.time_ns`, answers)})
    FROM timed
    UNION ALL (${matched("answers.frame >= asked.frame", `(SELECT * FROM ${answers} WHERE frame NOT IN (SELECT answer FROM timed))`)})`;
}
