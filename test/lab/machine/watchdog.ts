import { execa } from "execa";

/**
 * Runs a machine for as long as this process lives: the shell reads a pipe whose other end only this process has, so that even after
 * a SIGKILL of it QEMU is ended and the folder removed; and should the shell be killed, the kernel ends QEMU with it.
 */
export const watchdogScript = [
  'trap "" HUP INT TERM',
  "folder=$1; shift",
  'nice -n 10 setpriv --pdeathsig KILL "$@" </dev/null >"$folder/qemu.log" 2>&1 & qemu=$!',
  "cat >/dev/null",
  'kill -s KILL "$qemu" 2>/dev/null; wait "$qemu"',
  'rm -rf "$folder"',
].join("\n");

/** Starts a machine whose files are in a folder; returns what ends it and removes the folder. */
export function watched(folder: string, command: readonly string[]): () => Promise<void> {
  const watchdog = execa("sh", ["-c", watchdogScript, "lab-watchdog", folder, ...command], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    // Ctrl-C reaches the terminal's process group: the watchdog has its own.
    detached: true,
    cleanup: false,
    reject: false,
  });
  return async () => {
    watchdog.stdin.end();
    await watchdog;
  };
}
