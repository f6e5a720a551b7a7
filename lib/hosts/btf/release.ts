/** A kernel's release: `5.10.0-32-cloud-amd64`, `4.18.0-348.el8.x86_64`. */
const release = /\d+\.\d+\.\d+[\w.+~-]*/g;

/** What has to be said of a file whose path names another kernel than the one that runs; null where it doesn't. */
export function releaseNote(path: string, host: string, running: string | undefined): string | null {
  if (!running) return null;
  const named = [...path.matchAll(release)].map(([text]) => text.replace(/\.(btf|debug|elf|raw|bin)$/, ""));
  const last = named.at(-1);
  if (last === undefined || named.includes(running)) return null;
  return `${path} is named after kernel ${last}, ${host} runs ${running}: fields may be elsewhere there`;
}
