import type { ErrorFacts } from "../errors/index.js";
import type { ExecEnd } from "./host.js";

/** A run of an older case doesn't know its group. */
type End = Pick<ExecEnd, "detached" | "connectionLost"> & { group?: ExecEnd["group"] };

/**
 * What the reader of a result must know where it isn't proved that nothing of the command runs on the host any more; what is known to run
 * there comes as a warning.
 */
export function detachedNotes(host: string, { detached, connectionLost, group = null }: End): string[] {
  if (detached === "proved") return [];
  const look =
    group === null
      ? "`ps -eo pid,pgid,stat,args | grep 'timeout -s TERM -k [3]'` shows what skbook started"
      : `\`ps -eo pid,pgid,stat,args | awk '$2 == ${group}'\` shows it`;
  const named = group === null ? "its process group" : `its process group ${group}`;
  if (detached === "alive") {
    return [
      `WARNING: what was started on ${host} still runs there: ${named} was there 5 s after its end. On ${host}, as root: ${look}, ` +
        `\`kill -s KILL -- -${group ?? "PGID"}\` ends it; what is in state D ends once the kernel lets go of it`,
    ];
  }
  const why = connectionLost
    ? "the connection broke before it could be checked; the lease there ends it within 5 s"
    : "the check itself failed";
  return [`it is not proved that ${named} on ${host} is gone: ${why}. To see for yourself, there: ${look}`];
}

/** An error that takes the place of a result says what its notes would have said. */
export function withDetached(host: string, end: End, error: ErrorFacts): ErrorFacts {
  const notes = detachedNotes(host, end);
  if (notes.length === 0) return error;
  const { code, tried, failed, details = {}, cause } = error;
  // An interrupt says that all is stopped.
  const todo = code === "INTERRUPTED" ? notes : [error.todo, ...notes];
  return { code, tried, failed, todo: todo.join("; "), details, cause };
}
