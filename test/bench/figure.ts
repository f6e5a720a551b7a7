/** One measured number; `npm run bench` prints it as a line of JSON. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** What it was measured against, in the same run. */
  against: string;
  /** `value` divided by the other's. */
  ratio: number;
}
