import { type Host, readText } from "../../hosts/index.js";

const answerBytes = 20_000;
const deadlineSeconds = 20;
/** Names that are told of where the one asked for isn't there. */
const told = 20;

/** Names of interfaces: of the host's own network namespace, of those of its processes, and of named ones. */
const script = `
names() { sed -n 's/^ *\\([^ :]*\\):.*/\\1/p' "$1"; }
{ for n in $(stat -L -c '%i %n' /proc/self/ns/net /proc/[0-9]*/ns/net 2>/dev/null | sort -u -k1,1 | cut -d' ' -f2); do names "\${n%/ns/net}/net/dev"; done
for n in /run/netns/* /var/run/netns/*; do [ -e "$n" ] && nsenter --net="$n" cat /proc/self/net/dev | sed -n 's/^ *\\([^ :]*\\):.*/\\1/p'; done; } 2>/dev/null | sort -u`;

/** Says where no interface of the host has the name that a probe was asked for: nothing can match it, and a count of zero means nothing. */
export async function deviceNotes(host: Host, device: unknown): Promise<string[]> {
  if (typeof device !== "string") return [];
  try {
    const execution = host.start(["sh", "-c", script], { root: true, deadlineSeconds });
    const tried = `look for the interfaces of ${host.name}`;
    const names = (await readText(execution, answerBytes, tried)).split("\n").filter((name) => name !== "");
    if ((await execution.ended).exitCode !== 0 || names.length === 0 || names.includes(device)) return [];
    const some = names.slice(0, told).join(", ");
    return [
      `${host.name} had no interface "${device}" in any network namespace that could be looked into: a count of zero says nothing of loss; it has ${some}${names.length > told ? ", ..." : ""}`,
    ];
  } catch {
    return [];
  }
}
