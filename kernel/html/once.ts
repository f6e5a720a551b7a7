/** A script that outputs bring along for all of a notebook's, as text that isn't run. */
const carriers = /<script type="text\/plain" class="[^"]*">[^<]*<\/script>/g;

/** Leaves out what an earlier output has brought along already: sessions after one another may each have done so. */
export function carriedOnce(html: string): string {
  const seen = new Set<string>();
  return html.replace(carriers, (carrier) => {
    if (seen.has(carrier)) return "";
    seen.add(carrier);
    return carrier;
  });
}
