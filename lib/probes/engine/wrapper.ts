import { clocksFunction, loadAwk, loadFunction } from "../../hosts/index.js";
import { busyCode } from "./budget.js";
import { costWord } from "./self-cost.js";

/**
 * bpf(BPF_ENABLE_STATS), since kernel 5.8: statistics are on as long as the file descriptor is open. bpftrace inherits it, so that they
 * end with bpftrace, however it ends, and the sysctl is never touched.
 */
const perl =
  "use POSIX (); my $nr = {x86_64 => 321, aarch64 => 280}->{(POSIX::uname())[4]}; " +
  'my $attr = "\\0" x 128; my $fd = defined $nr ? syscall($nr, 32, $attr, 128) : -1; ' +
  "our $kept; if ($fd >= 0) { open($kept, '<&=', $fd); fcntl($kept, 2, 0); } exec { $ARGV[0] } @ARGV or exit 127;";
const python =
  "import ctypes, os, sys; nr = {'x86_64': 321, 'aarch64': 280}.get(os.uname().machine); " +
  "fd = ctypes.CDLL(None).syscall(nr, 32, ctypes.create_string_buffer(128), 128) if nr else -1; " +
  "fd < 0 or os.set_inheritable(fd, True); os.execvp(sys.argv[1], sys.argv[1:])";

/** Adds up the statistics of all programs of a process; a program stands in several file descriptors. */
const addUp =
  "FILENAME ~ /uptime$/ { uptime = $1 } FILENAME ~ /stat$/ { cpu = $14 + $15 } " +
  "/^prog_id:/ { id = $2 } /^run_time_ns:/ { ns[id] = $2 } /^run_cnt:/ { runs[id] = $2 } /^recursion_misses:/ { left[id] = $2; known = 1 } " +
  `END { for (id in runs) { n++; r += runs[id]; t += ns[id]; l += left[id] } if (!n) exit 1; printf "${costWord} %s %.0f %.0f %.0f %s\\n", uptime, r, t, cpu, known ? sprintf("%.0f", l) : "-" }`;

/**
 * Parameters: seconds between samples, the signal that ends the command, which number of the load has a limit (none for a summary) and that limit, then
 * programs: two that turn statistics on, one that adds up, one for the load; then the command. Samples are taken while it runs and when it is told to
 * stop; none where statistics could not be turned on. The host's clocks are written to stdout before the command and behind it. Where the host is
 * busier than the limit, the command isn't started.
 */
const script = [
  "every=$1; end=$2; which=$3; limit=$4; perl=$5; python=$6; add=$7; shift 7; awk=$1; shift",
  loadFunction,
  clocksFunction,
  'if command -v perl >/dev/null; then set -- perl -e "$perl" "$@"; elif command -v python3 >/dev/null; then set -- python3 -c "$python" "$@"; fi',
  `if [ -n "$which" ]; then said=$(load "$awk"); echo "$said"; number=$(echo "$said" | cut -d" " -f$((which + 1))); ` +
    `if [ "\${number:-0}" -gt "$limit" ]; then exit ${busyCode}; fi; fi`,
  // The clocks first: rows can't be told their times without.
  "clocks start",
  '"$@" & pid=$!',
  'sample() { ls -l /proc/$pid/fd 2>/dev/null | grep -q bpf-stats && awk "$add" /proc/uptime /proc/$pid/stat /proc/$pid/fdinfo/* >&2 2>/dev/null; }',
  // Less and less often, since attaching takes long where many do it at a time.
  "{ pause=0.2; until sample; do sleep $pause || exit; case $pause in 0.2) pause=0.4 ;; *) pause=0.8 ;; esac; done; " +
    "while sleep $every; do sample; done; } & sampler=$!",
  // By the signal the kernel's part of a probe knows that it is to end: when the sample has been taken. All of the group hears SIGTERM by itself.
  "trap 'again=1; sample; kill -s $end $pid 2>/dev/null' CONT; trap 'again=1; sample' TERM; again=1; code=",
  // A signal interrupts the first wait, or comes when that one knows the exit code already: the second then knows no such process, and says 127.
  'while [ $again = 1 ]; do again=0; wait "$pid"; ended=$?; [ -n "$code" ] && [ $ended = 127 ] || code=$ended; done',
  "kill $sampler 2>/dev/null; clocks end; exit $code",
].join("; ");

/** What is done around a command. */
export interface Wrapping {
  seconds: number;
  /** The signal that ends it. */
  end: "CONT" | "TERM";
  /** null for a summary. */
  budget: { which: number; limit: number } | null;
}

/** The command line that runs `command`, samples what its BPF programs cost, reads the clocks around it, and looks how busy the host is first. */
export function wrapped(command: readonly string[], { seconds, end, budget }: Wrapping): string[] {
  const every = Math.min(60, Math.max(0.4, seconds / 5));
  const limits = budget === null ? ["", ""] : [String(budget.which), String(budget.limit)];
  return [
    "sh",
    "-c",
    script,
    "skbook",
    every.toFixed(1),
    end,
    ...limits,
    perl,
    python,
    addUp,
    loadAwk,
    ...command,
  ];
}
