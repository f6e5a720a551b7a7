/** First words of the sampler's own lines: no line of `ss` begins so. */
export const factWord = "skbook-fact";
export const sampleWord = "skbook-sample";
export const endWord = "skbook-end";
export const fileWord = "skbook-file";
/** First part of the name of a fact: the rate that is set for a peer. */
export const shapingWord = "shaping";
export const ownerWord = "skbook-owner";
export const openingWord = "skbook-opening";

/** Settings of the kernel that explain a limit; read, never changed. */
export const settings = [
  ...["tcp_rmem", "tcp_wmem", "tcp_moderate_rcvbuf", "tcp_window_scaling", "tcp_sack", "tcp_timestamps"],
  ...["tcp_congestion_control", "tcp_slow_start_after_idle", "tcp_notsent_lowat", "tcp_adv_win_scale"],
  ...["tcp_limit_output_bytes", "tcp_no_metrics_save", "tcp_min_rtt_wlen", "tcp_mem"],
].map((name) => `net/ipv4/${name}`);

const cores = ["rmem_max", "wmem_max", "default_qdisc"].map((name) => `net/core/${name}`);

/**
 * Runs a command, `ss` in it, at ticks that are counted from the start by the uptime, which nobody sets: a sample that comes late shifts no other one, and ticks that pass while it
 * runs are left out, which their numbers show. Its parameters: hundredths of a second between ticks, how many ticks, addresses of ends that are asked for, the words of the filter.
 *
 * @param settings read once, by their paths below /proc/sys.
 * @param command what a sample is; its exit code tells whether all of it is there.
 * @param first what is done once, before the first sample.
 */
function sampler(settings: readonly string[], command: string, first: readonly string[] = []): string {
  return [
    "export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin; every=$1; count=$2; ends=$3; shift 3",
    "command -v ss >/dev/null || { echo 'ss is not installed' >&2; exit 127; }",
    `echo "${factWord} kernel $(uname -r)"; echo "${factWord} ss $(ss -V)"`,
    // grep reads each at once: read byte by byte, as sh does, the kernel's numbers end after their first digit.
    `cd /proc/sys && grep -H . ${settings.join(" ")} 2>/dev/null | sed 's/^\\([^:]*\\):/${factWord} \\1 /'; cd /`,
    ...first,
    "hundredths() { read -r now _ </proc/uptime; now=${now%.*}${now#*.}; }",
    "over=; trap 'over=1' CONT; hundredths; began=$now; n=0",
    'while [ -z "$over" ]; do hundredths; ' +
      `echo "${sampleWord} $n $(date +%s%N) $now"; ${command}; code=$?; hundredths; echo "${endWord} $n $code $now"; ` +
      "n=$(((now - began) / every + 1)); [ $n -lt $count ] || break; left=$((began + n * every - now)); " +
      "sleep $((left / 100)).$((left / 10 % 10))$((left % 10)); done",
  ].join("; ");
}

/** Of so many peers is it asked what rate is set for them. */
const maxPeers = 8;
/** Addresses of the peers of what `ss` lists. */
const peers =
  'awk \'NR > 1 { peer = $5; sub(/:[0-9]+$/, "", peer); gsub(/[][]/, "", peer); sub(/^::ffff:/, "", peer); print peer }\'';
/** Of `tc qdisc show`: kind:rate of each discipline that has a rate, by spaces. */
const rates =
  "sed -n 's/^qdisc \\([^ ]*\\) .* \\(maxrate\\|rate\\|bandwidth\\) \\([^ ]*\\).*/\\1:\\3/p' | sort -u | tr '\\n' ' '";
/** For `ip` and `tc`, which wait for who configures the network: a rate that isn't told in time is not known. */
const patience = "timeout 1";
/** The rates that queueing disciplines of the device set for a peer, of those that are asked for or there. */
const shaping =
  `routes=$({ printf '%s\\n' $ends; ss -tn "$@" | ${peers}; } | awk '/^[0-9a-fA-F.:]+$/ && !seen[$0]++' | head -n ${maxPeers} | while read -r peer; do ` +
  `device=$(${patience} ip -o route get "$peer" 2>/dev/null | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p'); [ -z "$device" ] || echo "$peer $device"; done); ` +
  `printf '%s\\n' "$routes" | awk 'NF == 2 && !seen[$2]++ { print $2 }' | while read -r device; do ` +
  `rates=$(${patience} tc qdisc show dev "$device" 2>/dev/null | ${rates}); [ -z "$rates" ] || ` +
  `printf '%s\\n' "$routes" | device=$device rates=$rates awk '$2 == ENVIRON["device"] { print "${factWord} ${shapingWord}/" $1, $2, ENVIRON["rates"] }'; done`;

/** Samples TCP sockets that don't listen. */
export const samplerScript = sampler([...settings, ...cores], 'ss -tinmoe "$@"', [shaping]);

/** Settings that bear on what waits for accept(2). */
const listenSettings = [
  "net/core/somaxconn",
  ...["tcp_max_syn_backlog", "tcp_syncookies", "tcp_abort_on_overflow"].map((name) => `net/ipv4/${name}`),
];

/** Handshakes under way by own address and port: counted there, since a flood has many. */
const opening =
  `{ ss -tn state syn-recv "$@" || echo failed; } | awk '$1 == "failed" { code = 1 } /^[0-9]/ { n[$3]++ } ` +
  `END { for (one in n) print "${openingWord}", one, n[one]; exit code }'`;

/** Samples what TCP counted in the network namespace, its listening sockets, and handshakes under way. Once, before, whose the sockets are. */
export const listenScript = sampler(
  listenSettings,
  `grep -hE "^Tcp(Ext)?:" /proc/net/snmp /proc/net/netstat; ss -tnme state listening "$@" && ${opening}`,
  [`ss -ltnpe "$@" | sed 's/^/${ownerWord} /'`],
);
