/** What shows outputs of one MIME type in JupyterLab. */
export interface Renderer {
  /** Names it among the renderers of skbook. */
  id: string;
  mimeType: string;
  /**
   * Of the types of an output that can be shown, JupyterLab takes the one with the lowest rank: HTML has 50, an extension that the
   * user has installed for a type has 0 as a rule.
   */
  rank: number;
  /** Whether it may show what comes from notebooks that the user does not trust; else JupyterLab takes another type of the output. */
  safe: boolean;
  /**
   * The text of a function `(place, output, { url, load }) => close`: shows an output (its values by MIME type) in an empty element.
   * `url(name)` is the address of one of `files`, `load(name)` runs it as a script, once for the page. `close`, which it may return
   * or promise, is called when the output goes.
   */
  show: string;
  /** Files that it loads when it needs them, by name: where they lie in the package. */
  files: Record<string, string>;
}
