import type { Snapshot } from "./sections.js";

/** What a host says of the synchronisation of its clock. */
export interface ClockSync {
  /** null where nothing on the host says. */
  synchronised: boolean | null;
  /** Who says so, and what more it says. */
  said: string;
  /** The most that the clock is off from true time, by the kernel's or chrony's own estimate, in ns; null where unknown. */
  maxError_ns: number | null;
}

/** adjtimex(2) without changing anything: its answer, then maxerror in µs and status. The number of the system call is by machine. */
const perl =
  "use POSIX (); my $nr = {x86_64 => 159, aarch64 => 171}->{(POSIX::uname())[4]} or exit 1; my $timex = qq(\\0) x 256; " +
  "my $state = syscall($nr, $timex); my @t = unpack(q(L x4 q q q q l), $timex); print qq($state $t[3] $t[5]\\n);";
const python =
  "import ctypes, struct; t = ctypes.create_string_buffer(256); s = ctypes.CDLL(None).adjtimex(t); " +
  'u = struct.unpack_from("I4xqqqqi", t); print(s, u[3], u[5])';

/** The sections that {@link syncOf} reads. */
export const syncScript = [
  "say timedatectl; timedatectl show",
  "say chrony; chronyc -n tracking",
  "say ntpq; ntpq -n -c 'rv 0 leap,stratum,offset,rootdelay,rootdisp'",
  `say adjtimex; perl -e '${perl}' || python3 -c '${python}'`,
].join("; ");

const unsynchronisedBit = 0x40;

export function syncOf({ chrony = "", ntpq = "", adjtimex = "", timedatectl = "" }: Snapshot): ClockSync {
  const [state, maxError, status] = adjtimex.split(" ").map(Number);
  const kernel =
    state === undefined || maxError === undefined || status === undefined
      ? null
      : { synchronised: state !== 5 && (status & unsynchronisedBit) === 0, maxError_ns: maxError * 1_000 };
  const leap = field(chrony, "Leap status");
  if (leap !== undefined) {
    const seconds = (name: string) => Math.abs(Number.parseFloat(field(chrony, name) ?? ""));
    const bound = seconds("System time") + seconds("Root delay") / 2 + seconds("Root dispersion");
    return {
      synchronised: leap !== "Not synchronised",
      said: `chrony: ${leap}, ${field(chrony, "System time") ?? "offset unknown"}`,
      maxError_ns: leap === "Not synchronised" || Number.isNaN(bound) ? null : Math.round(bound * 1e9),
    };
  }
  const ntpLeap = /leap=(\w+)/.exec(ntpq)?.[1];
  if (ntpLeap !== undefined) {
    const synchronised = ntpLeap !== "11" && ntpLeap !== "leap_alarm";
    return { synchronised, said: `ntpd: ${ntpq}`, maxError_ns: kernel?.maxError_ns ?? null };
  }
  if (kernel !== null) {
    const said = kernel.synchronised
      ? `the kernel (adjtimex): off by ${maxError} µs at most`
      : "the kernel (adjtimex): not synchronised";
    return { ...kernel, said, maxError_ns: kernel.synchronised ? kernel.maxError_ns : null };
  }
  const systemd = field(timedatectl, "NTPSynchronized");
  if (systemd !== undefined)
    return {
      synchronised: systemd === "yes",
      said: "as systemd says; the offset is unknown",
      maxError_ns: null,
    };
  return { synchronised: null, said: "neither chrony, ntpd, the kernel nor systemd says", maxError_ns: null };
}

/** `Name : value` or `Name=value` on a line of its own. */
function field(text: string, name: string): string | undefined {
  const line = text
    .split("\n")
    .find((one) => one.startsWith(name) && /^\s*[:=]/.test(one.slice(name.length)));
  return line?.slice(name.length).replace(/^\s*[:=]\s*/, "");
}
