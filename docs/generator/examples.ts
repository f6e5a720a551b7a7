/** A line that names a file whose text stands below it: `<!-- example: test/docs/own-probe.ts -->`. */
const marker = /^(<!-- example: (\S+) -->)\n(?:\n```ts\n.*?^```$\n?)?/gms;

/**
 * A guide with its examples as they are in the files that tests run; a file that isn't there yet leaves its line alone.
 *
 * @param read the text of a file of the repository; null where it isn't there.
 */
export function withExamples(guide: string, read: (path: string) => string | null): string {
  return guide.replaceAll(marker, (whole, line: string, path: string) => {
    const text = read(path);
    return text === null ? whole : `${line}\n\n\`\`\`ts\n${text.trimEnd()}\n\`\`\`\n`;
  });
}
