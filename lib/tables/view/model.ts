import {
  columnFilteringFeature,
  columnVisibilityFeature,
  constructTable,
  createFilteredRowModel,
  createPaginatedRowModel,
  createSortedRowModel,
  globalFilteringFeature,
  rowPaginationFeature,
  rowSortingFeature,
  tableFeatures,
} from "@tanstack/table-core";
import { storeReactivityBindings } from "@tanstack/table-core/store-reactivity-bindings";
import {
  arranged,
  type Column,
  type Condition,
  compareValues,
  conditionOf,
  exactValue,
  meets,
  type Packed,
  type Question,
  type Value,
} from "../shown/index.js";
import { type Ask, page } from "./page.js";
import { valuesOf } from "./unpack.js";

const features = tableFeatures({
  coreReactivityFeature: storeReactivityBindings(),
  columnVisibilityFeature,
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  columnFilteringFeature,
  globalFilteringFeature,
  filteredRowModel: createFilteredRowModel(),
  rowPaginationFeature,
  paginatedRowModel: createPaginatedRowModel(),
});

/** A filter as it was typed, and what it means. */
interface Filter {
  typed: string;
  condition: Condition;
}

/** Rows asked of the kernel at once when all are wanted. */
const manyRows = 10_000;

/** What is shown of a table: which rows, in which order, which columns. Columns are told apart by their place. */
export class Model {
  /** Places of the columns in the order in which they are shown, the empty ones last. */
  readonly order: readonly number[];
  readonly #table;
  readonly #usual: Record<string, boolean>;
  /** Why the kernel didn't answer when it was asked last. */
  trouble: string | undefined;
  #asked = 0;

  constructor(
    private readonly root: Element,
    readonly packed: Packed,
    private readonly rows: Value[][],
    pageSize: number,
  ) {
    const { columns } = packed;
    const { shown, empty } = arranged(columns, rows, packed.empty, packed.asInQuery);
    this.order = [...shown, ...empty];
    this.#usual = Object.fromEntries(empty.map((index) => [String(index), false]));
    this.#table = constructTable({
      features,
      data: rows,
      columns: this.order.map((index) => {
        const column = columns[index] as Column;
        return {
          id: String(index),
          accessorFn: (row: Value[]) => row[index] ?? undefined,
          sortUndefined: "last" as const,
          sortDescFirst: false,
          sortFn: (a: { original: Value[] }, b: { original: Value[] }) =>
            compareValues(a.original[index] ?? null, b.original[index] ?? null),
          filterFn: (row: { original: Value[] }, _: string, { condition }: Filter) =>
            meets(condition, row.original[index] ?? null, column),
        };
      }),
      globalFilterFn: (row: { original: Value[] }, id: string, wanted: string) =>
        exactValue(row.original[Number(id)] ?? null, columns[Number(id)] as Column)
          .toLowerCase()
          .includes(wanted.toLowerCase()),
      getColumnCanGlobalFilter: () => true,
      autoResetPageIndex: false,
      initialState: { pagination: { pageIndex: 0, pageSize }, columnVisibility: { ...this.#usual } },
    });
    if (this.ask !== undefined) this.#show(rows.slice(0, pageSize), packed.total);
  }

  /** How the kernel is asked for rows that aren't here. */
  private get ask(): Ask | undefined {
    return this.packed.id === undefined ? undefined : page.ask?.(this.root);
  }

  /** Whether only the first rows can be looked through. */
  get isCut(): boolean {
    return this.rows.length < this.packed.total && (this.trouble !== undefined || this.ask === undefined);
  }

  /** The rows of the page that is shown. */
  get pageRows(): readonly Value[][] {
    return this.#table.getRowModel().rows.map(({ original }) => original);
  }

  /** Rows that meet the filters. */
  get matching(): number {
    return this.#table.getRowCount();
  }

  /** Rows that are looked through. */
  get total(): number {
    return this.isCut ? this.rows.length : this.packed.total;
  }

  get visible(): number[] {
    return this.order.filter((index) => this.#column(index).getIsVisible());
  }

  get pageIndex(): number {
    return this.#table.atoms.pagination.get().pageIndex;
  }

  get pageSize(): number {
    return this.#table.atoms.pagination.get().pageSize;
  }

  get pages(): number {
    return Math.max(1, this.#table.getPageCount());
  }

  sortOf(index: number): false | "asc" | "desc" {
    return this.#column(index).getIsSorted();
  }

  /** Ascending, descending, as it was; with `more` beside the columns that sort already. */
  sort(index: number, more: boolean): void {
    this.#column(index).toggleSorting(undefined, more);
    this.#table.setPageIndex(0);
  }

  /** Returns false, and filters nothing, where the text means nothing for the column. */
  filter(index: number, typed: string): boolean {
    const column = this.#column(index);
    const condition =
      typed.trim() === "" ? undefined : conditionOf(typed, this.packed.columns[index] as Column);
    column.setFilterValue(condition && ({ typed, condition } satisfies Filter));
    this.#table.setPageIndex(0);
    return typed.trim() === "" || condition !== undefined;
  }

  /** What was typed as the filter of a column. */
  filterOf(index: number): string {
    return (this.#column(index).getFilterValue() as Filter | undefined)?.typed ?? "";
  }

  search(text: string): void {
    this.#table.setGlobalFilter(text.trim() === "" ? undefined : text.trim());
    this.#table.setPageIndex(0);
  }

  turnTo(pageIndex: number): void {
    this.#table.setPageIndex(Math.min(this.pages - 1, Math.max(0, pageIndex)));
  }

  resize(pageSize: number): void {
    const first = this.pageIndex * this.pageSize;
    this.#table.setPagination({ pageIndex: Math.floor(first / pageSize), pageSize });
  }

  show(index: number, shown: boolean): void {
    this.#column(index).toggleVisibility(shown);
  }

  showUsual(): void {
    this.#table.setColumnVisibility({ ...this.#usual });
  }

  showAll(): void {
    this.#table.setColumnVisibility({});
  }

  /** Gets the rows that the state asks for. Resolves to false where another call has overtaken this one. */
  async refresh(): Promise<boolean> {
    this.#asked += 1;
    const asked = this.#asked;
    const { ask } = this;
    if (ask === undefined) {
      this.#showOwn();
      return true;
    }
    try {
      const { matching, rows } = await ask(this.#question(this.pageIndex * this.pageSize, this.pageSize));
      if (asked !== this.#asked) return false;
      this.trouble = undefined;
      this.#show(valuesOf(rows, this.packed.columns), matching);
    } catch (error) {
      if (asked !== this.#asked) return false;
      this.trouble = error instanceof Error ? error.message : String(error);
      this.#showOwn();
    }
    return true;
  }

  /** All rows that meet the filters, in order, at most so many. */
  async all(most: number): Promise<readonly Value[][]> {
    const { ask } = this;
    if (ask === undefined || this.isCut) {
      return this.#table
        .getSortedRowModel()
        .rows.slice(0, most)
        .map(({ original }) => original);
    }
    const all: Value[][] = [];
    const wanted = Math.min(most, this.matching);
    while (all.length < wanted) {
      const { rows } = await ask(this.#question(all.length, Math.min(manyRows, wanted - all.length)));
      if (rows.length === 0) break;
      all.push(...valuesOf(rows, this.packed.columns));
    }
    return all;
  }

  #question(offset: number, limit: number): Question {
    const name = (id: string) => (this.packed.columns[Number(id)] as Column).name;
    return {
      id: this.packed.id ?? "",
      sort: this.#table.atoms.sorting.get().map(({ id, desc }) => ({ column: name(id), descending: desc })),
      filters: this.#table.atoms.columnFilters.get().map(({ id, value }) => {
        return { column: name(id), typed: (value as Filter).typed };
      }),
      search: (this.#table.atoms.globalFilter.get() as string | undefined) ?? "",
      offset,
      limit,
    };
  }

  #showOwn(): void {
    this.#set({ data: this.rows, isDone: false });
    this.turnTo(this.pageIndex);
  }

  /** Shows a page of rows that the kernel has sorted and filtered. */
  #show(data: Value[][], rowCount: number): void {
    this.#set({ data, isDone: true, rowCount });
  }

  #set({ data, isDone, rowCount }: { data: Value[][]; isDone: boolean; rowCount?: number }): void {
    this.#table.setOptions((options) => ({
      ...options,
      data,
      manualSorting: isDone,
      manualFiltering: isDone,
      manualPagination: isDone,
      rowCount: rowCount as number,
    }));
  }

  #column(index: number) {
    const column = this.#table.getColumn(String(index));
    if (column === undefined) throw new Error(`no column ${index}`);
    return column;
  }
}
