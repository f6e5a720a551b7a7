/** A notebook of the gallery, and its figure that says most at a glance. */
export interface Entry {
  name: string;
  /** Where the notebook lies in the repository. */
  notebook: string;
  /** The cell whose figure is its picture. */
  cell: string;
}

const investigation = (name: string, cell: string): Entry => ({
  name,
  notebook: `notebooks/${name}.ipynb`,
  cell,
});

/** The notebooks in the gallery, in the order in which a newcomer reads them. */
export const entries: readonly Entry[] = [
  investigation("first-look", "timeline"),
  investigation("slow-download", "reader-figure"),
  investigation("slow-transfer", "limits-figure"),
  investigation("where-did-my-packets-go", "topology"),
  investigation("which-stage-is-slow", "softirqs"),
  investigation("first-packet-is-slow", "pings-figure"),
  { name: "late", notebook: "notebooks/templates/late.ipynb", cell: "stages" },
  { name: "drops", notebook: "notebooks/templates/drops.ipynb", cell: "summary-figure" },
  { name: "lost-or-late", notebook: "notebooks/templates/lost-or-late.ipynb", cell: "pings-figure" },
  { name: "capture", notebook: "notebooks/templates/capture.ipynb", cell: "conversations" },
];

/** Where the picture of an entry lies in the repository. */
export function pictureOf({ name }: Entry): string {
  return `docs/gallery/${name}.svg`;
}
