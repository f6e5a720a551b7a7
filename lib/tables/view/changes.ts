type Change = (act: () => void) => void;

/** Ways to change what is shown. */
export interface Changes {
  /** Other rows: they may have to be asked for. */
  rows: Change;
  /** The same rows, shown otherwise. */
  look: Change;
}
