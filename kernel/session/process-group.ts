/**
 * Signals this process and what its cells have started. Jupyter starts a kernel as the leader of a process group;
 * one that isn't may have strangers in its group, and is signalled alone.
 */
export function signalGroup(signal: NodeJS.Signals): void {
  try {
    process.kill(-process.pid, signal);
  } catch {
    process.kill(process.pid, signal);
  }
}
