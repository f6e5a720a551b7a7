/** A column of a table, for whoever writes its name. */
export interface KnownColumn {
  readonly name: string;
  readonly type: string;
  readonly unit?: string | null;
  readonly meaning: string;
}

/** Something that a cell can import. */
export interface Importable {
  readonly kind: string;
  /** The module that has it. */
  readonly from: string;
  /** Of what a call returns. */
  readonly columns: readonly KnownColumn[];
}

/** What cells can import of this package, by name. */
export type Catalogue = ReadonlyMap<string, Importable>;

/** The columns of a value that has some: a table or a frame. */
export function columnsOf(value: unknown): readonly KnownColumn[] | undefined {
  try {
    const { schema, columns } = (value ?? {}) as { schema?: unknown; columns?: unknown };
    // Nothing else of them: a value of the user's may hold what can't be sent to the compiler.
    return [schema, columns]
      .find(areColumns)
      ?.map(({ name, type, unit, meaning }) => ({ name, type, unit: unit ?? null, meaning }));
  } catch {
    // A value of the user's may do anything when it is looked at.
    return undefined;
  }
}

function areColumns(value: unknown): value is readonly KnownColumn[] {
  return Array.isArray(value) && value.length > 0 && value.every(isColumn);
}

function isColumn(value: unknown): value is KnownColumn {
  const { name, type, unit, meaning } = (value ?? {}) as Record<string, unknown>;
  return [name, type, unit ?? "", meaning].every((text) => typeof text === "string");
}
