// What is used of JupyterLab 4, as far as it is used.

export interface Comm {
  onMsg: (message: { content: { data: Record<string, unknown> } }) => void;
  onClose: () => void;
  open(data: object): unknown;
  send(data: object): unknown;
}

export interface Kernel {
  readonly status: string;
  readonly connectionStatus: string;
  readonly statusChanged: { connect(slot: (kernel: unknown, status: string) => void): void };
  createComm(target: string): Comm;
}

export interface NotebookPanel {
  readonly node: HTMLElement;
  readonly sessionContext: { readonly session: { readonly kernel: Kernel | null } | null };
}

export interface NotebookTracker {
  find(test: (panel: NotebookPanel) => boolean): NotebookPanel | undefined;
}

/** Packages that JupyterLab shares with its extensions, by name and version. */
export type Shared = Record<string, Record<string, { get(): Promise<() => unknown> }> | undefined>;

/** What JupyterLab takes for an extension that was built ahead: what module federation makes of one. */
export interface Container {
  init(shared: Shared): void;
  get(module: string): Promise<() => unknown>;
}
