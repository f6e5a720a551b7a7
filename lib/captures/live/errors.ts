import { SkbookError } from "../../errors.js";

const kinds: [RegExp, string, string][] = [
  [
    /filter|expression|unknown host|syntax error/i,
    "BAD_FILTER",
    "correct the capture filter (tcpdump's syntax: host 192.0.2.1 and udp port 53)",
  ],
  [
    /no such device|no device named|doesn't exist|not up|network is down/i,
    "UNKNOWN_DEVICE",
    "give a device that exists and is up there (`ip link`), or `any`",
  ],
  [
    /permission|not permitted/i,
    "NO_PERMISSION",
    "connect as root, or as a user whom sudo lets run commands as root",
  ],
];

/** Why a capture did not come to listen, by what its tool said. */
export function captureError(tried: string, stderr: string): SkbookError {
  const failed = stderr.trim() || "the tool ended without a word";
  const [, code, todo] = kinds.find(([pattern]) => pattern.test(failed)) ?? [
    undefined,
    "CAPTURE_FAILED",
    "try the command on the host itself",
  ];
  return new SkbookError({ code, tried, failed, todo });
}

export function noTool(host: string, names: readonly string[]): SkbookError {
  return new SkbookError({
    code: "TOOL_MISSING",
    tried: `capture on ${host}`,
    failed: `${names.join(" and ")}: not installed there`,
    todo:
      names.length > 1
        ? "install tcpdump on the host (Debian: apt install tcpdump)"
        : "install dumpcap on the host (Debian: apt install wireshark-common), or capture on one device, or `any`",
  });
}
