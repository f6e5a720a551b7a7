import type { Host } from "../hosts/index.js";
import { checkEnd } from "./answer.js";
import { type PcapngFacts, readBlocks } from "./pcapng.js";

const deadlineSeconds = 24 * 3600;
/** Blocks that aren't packets are few; what is more isn't read. */
const mostBytes = 64 * 2 ** 20;

/**
 * Prints of a pcapng file the blocks of sections, interfaces and statistics, and of packets that tell of drops all but their bytes. Perl is part of
 * every Debian, Ubuntu and RHEL; without it the facts are unknown.
 */
const program = `
binmode STDIN; binmode STDOUT; my $b = ""; my $f = "V"; my $s = "v";
sub need { while (length($b) < $_[0]) { sysread(STDIN, $b, 1048576, length($b)) or return 0 } 1 }
while (need(12)) {
  if (unpack("V", $b) == 0x0a0d0d0a) { my $little = unpack("V", substr($b, 8, 4)) == 0x1a2b3c4d; $f = $little ? "V" : "N"; $s = $little ? "v" : "n" }
  my ($type, $length) = unpack("$f$f", $b);
  last if $length < 12 || $length % 4 || $length > 16777216 || !need($length);
  my $block = substr($b, 0, $length, "");
  if ($type == 0x0a0d0d0a || $type == 1 || $type == 5) { print $block; next }
  next unless $type == 6 && $length >= 32;
  my $options = 28 + 4 * int((unpack($f, substr($block, 20, 4)) + 3) / 4);
  next if $options + 4 > $length - 4;
  my $rest = substr($block, $options, $length - 4 - $options);
  for (my $at = 0; $at + 4 <= length($rest);) {
    my ($code, $size) = unpack("$s$s", substr($rest, $at, 4));
    last if $code == 0;
    if ($code == 4) {
      my $whole = 32 + length($rest);
      print pack("$f$f", 6, $whole), substr($block, 8, 12), pack($f, 0), substr($block, 24, 4), $rest, pack($f, $whole);
      last;
    }
    $at += 4 + 4 * int(($size + 3) / 4);
  }
}`;

/** What `readPcapng` says of a file on another host, without the times of its packets; null where that host can't read its blocks. */
export async function readRemotePcapng(host: Host, path: string): Promise<PcapngFacts | null> {
  const script =
    'case $(od -An -tx1 -N2 "$1" | tr -d " ") in 1f8b) gzip -dc -- "$1" ;; *) cat -- "$1" ;; esac | perl -e "$2"';
  const execution = host.start(["sh", "-c", script, "sh", path, program], { deadlineSeconds });
  const facts = await readBlocks(limited(execution, () => execution.stop())).catch(() => null);
  const ended = await execution.ended;
  checkEnd(ended, `open ${path} on ${host.name}`);
  return ended.exitCode === 0 && facts !== null ? { ...facts, times: null } : null;
}

async function* limited(bytes: AsyncIterable<Uint8Array>, stop: () => void): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > mostBytes) {
      stop();
      throw new Error("too many blocks");
    }
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}
