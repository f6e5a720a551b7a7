/** A beat is sent this often; the remote side kills the group when none came for `leaseSeconds`. */
export const beatMilliseconds = 1_000;
export const leaseSeconds = 4;

/** Asks the watchdog for SIGTERM, and SIGKILL three seconds later: time to print what was counted. */
export const stopWord = "stop\n";
/**
 * First SIGCONT for the command alone, which may have something to do before it passes that on; three beats later SIGTERM for all of the
 * group, and SIGKILL twenty beats after that: a program that takes its probes away first needs seconds where they are many. Beats are counted,
 * so that the lease holds meanwhile.
 */
export const endWord = "end\n";
export const beatWord = "\n";

/**
 * A line on stderr that says the process group that the command runs in; before it, login scripts may have said something, which need not end
 * with its line.
 */
export const leaseLine = /skbook-lease (\d{1,10})\n/;
/** A line on stderr that says that no beat had come for too long. */
export const expiredLine = "skbook-lease-expired\n";
/** A line on stdout after which the command's own bytes begin. */
export const beginLine = "skbook-begin\n";

/**
 * Runs on the host, in any POSIX sh with setsid (util-linux) and timeout (coreutils, busybox). The command becomes the leader of
 * a session and process group of its own. The watchdog reads beats from stdin: when they stop, when stdin ends (lost connection,
 * dead client) or when it is told to stop, the whole group dies. The deadline is kept on the host by timeout itself.
 * One line, since csh can't quote newlines; its parameters are: lease and deadline in seconds, then the command.
 */
const script = [
  "lease=$1; deadline=$2; shift 2",
  // Those whose parent (3) or group (4) it is; not timeout itself, which would kill three seconds later what it was told to end. Busybox's
  // becomes the command, and watches from another process.
  `members() { case $(cat "/proc/$group/comm") in timeout) leads=0 ;; *) leads=1 ;; esac; cat /proc/[0-9]*/stat | sed 's/ (.*) / /' | ` +
    `awk -v g="$group" -v of="$1" -v leads="$leads" '$1 == g ? leads : $of == g && !(leads && of == 3) { print $1 }'; }`,
  "exec 3<&0 4>&2 0</dev/null; echo skbook-begin",
  'setsid timeout -s TERM -k 3 "$deadline" "$@" 3<&- 4>&- & group=$!',
  'echo "skbook-lease $group" >&2',
  '( exec >/dev/null 2>&1; trap "" HUP INT TERM PIPE; left=; ' +
    'while word=$(timeout -s KILL "$lease" sh -c "read -r word && echo \\"\\$word\\"" <&3 4>&-); do ' +
    'case $word in stop) kill -s TERM -- "-$group"; sleep 3 4>&-; break ;; end) [ -n "$left" ] || { kill -s CONT $(members 3); left=24; } ;; esac; ' +
    '[ -z "$left" ] || left=$((left - 1)); [ "$left" != 20 ] || kill -s TERM $(members 4); [ "$left" != 0 ] || break; done; ' +
    '[ "$word" = stop ] || [ "$left" = 0 ] || echo skbook-lease-expired >&4; ' +
    'kill -s KILL -- "-$group"; kill -s KILL -- "$group" ) & watchdog=$!',
  'wait "$group"; code=$?',
  'kill -s KILL -- "-$group" "$watchdog" 2>/dev/null',
  "exit $code",
].join("; ");

/** The command line that runs `command` under a lease. */
export function leased(command: readonly string[], deadlineSeconds: number): string[] {
  return ["sh", "-c", script, "skbook", String(leaseSeconds), String(deadlineSeconds), ...command];
}

/** The command line that says, within 5 s, whether a process group is gone; zombies hold nothing and don't count. */
export function groupCheck(group: string): string[] {
  const living =
    "cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | awk -v g=\"$1\" '$3 == g && $1 != \"Z\"' | grep -q .";
  const check = `i=0; while ${living}; do i=$((i+1)); [ $i -ge 50 ] && { echo; echo alive; exit; }; sleep 0.1; done; echo; echo gone`;
  return ["sh", "-c", check, "skbook", group];
}
