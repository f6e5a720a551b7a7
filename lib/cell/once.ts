import { currentCell } from "./cell.js";

interface Bearer {
  id: string | undefined;
  signal: AbortSignal | undefined;
}

const bearers = new Map<string, Bearer>();

/**
 * Whether the output being made is the one that brings along what outputs of a notebook share, such as a script. The first one of
 * a session does, and after it the first one of each later run of the same cell, whose output replaces the one that brought it.
 */
export function bringsAlong(what: string): boolean {
  const cell = currentCell();
  const bearer = bearers.get(what);
  const rerun = cell?.id !== undefined && cell.id === bearer?.id && cell.signal !== bearer.signal;
  if (bearer !== undefined && !rerun) return false;
  bearers.set(what, { id: cell?.id, signal: cell?.signal });
  return true;
}
