import { SkbookError } from "../../errors/index.js";
import type { ExecEnd } from "../../hosts/index.js";

const badFilter = "correct the capture filter (tcpdump's syntax: host 192.0.2.1 and udp port 53)";
const kinds: [RegExp, string, string][] = [
  [
    /nsenter: (?:cannot|can't) open/,
    "UNKNOWN_NAMESPACE",
    "give netns a name that `ip netns` shows on the host, or leave it out for the host's own network",
  ],
  [/no room for the ring/, "NO_ROOM", "give a smaller lastBytes"],
  [/filter|expression|unknown host|syntax error/i, "BAD_FILTER", badFilter],
  [
    /no such device|no device named|doesn't exist|not up|network is down/i,
    "UNKNOWN_DEVICE",
    "give a device that exists and is up there (`ip link`, with netns `ip -n NAME link`), or `any`",
  ],
  [
    /permission|not permitted/i,
    "NO_PERMISSION",
    "connect as root, or as a user whom sudo lets run commands as root",
  ],
];

/** Why a capture did not come to listen, by what its tool said; `otherwise` where that doesn't tell. */
export function captureError(
  tried: string,
  stderr: string,
  otherwise: "CAPTURE_FAILED" | "BAD_FILTER" = "CAPTURE_FAILED",
): SkbookError {
  const failed = stderr.trim() || "the tool ended without a word";
  const known = kinds.find(([pattern]) => pattern.test(failed));
  const advice = otherwise === "BAD_FILTER" ? badFilter : "try the command on the host itself";
  const [, code, todo] = known ?? [undefined, otherwise, advice];
  return new SkbookError({ code, tried, failed, todo });
}

/** A ring is in the host's memory, and goes with what holds it. */
export function ringLost(tried: string, leaseExpired: boolean): SkbookError {
  return new SkbookError({
    code: leaseExpired ? "LEASE_EXPIRED" : "CONNECTION_LOST",
    tried,
    failed: leaseExpired
      ? "the notebook's process was too busy to renew the lease for 4 s, so the host ended the capture and freed what it held"
      : "the connection broke, so the host ended the capture and freed what it held",
    todo: "run the cell again",
  });
}

/** What keeps a ring and brings it was ended by somebody on the host. */
export function ringKilled(tried: string, { exitCode, timedOut }: ExecEnd): SkbookError {
  return new SkbookError({
    code: "CAPTURE_FAILED",
    tried,
    failed: timedOut
      ? "the deadline passed before the ring was brought"
      : `what keeps the ring ended with ${exitCode ?? "a signal"} before it was brought: somebody on the host ended it`,
    todo: "run the cell again, and see who ends processes there",
  });
}

export function noTool(host: string, names: readonly string[]): SkbookError {
  return new SkbookError({
    code: "TOOL_MISSING",
    tried: `capture on ${host}`,
    failed: `${names.join(" and ")}: not installed there`,
    todo:
      names.length > 1
        ? "install tcpdump on the host (Debian: apt install tcpdump)"
        : "install dumpcap on the host (Debian: apt install wireshark-common), or capture on one device, or `any`, without lastSeconds",
  });
}
