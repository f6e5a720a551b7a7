/**
 * Declarations of danfojs-node 1.2.0, of what skbook bundles of it: see build.mjs. Left out is what works with tensors (which hold numbers
 * in 32 bits), draws in a browser, reads and writes spreadsheets, or takes null for a number.
 *
 * @license MIT, Copyright (c) 2020 danfo.js; the text is in danfojs.LICENSE
 */

// biome-ignore lint/suspicious/noExplicitAny: danfojs does not know what a column holds.
type Unchecked = any;

/** Rows of a frame. */
export type ArrayType2D = Array<number[] | string[] | boolean[] | (number | string | boolean)[]>;
/** Values of one column or row. */
export type ArrayType1D = Array<number | string | boolean>;

/** How a frame or series is made. */
export interface Options {
  index?: Array<string | number>;
  columns?: string[];
  dtypes?: string[];
}

declare abstract class NDframe {
  /** Returns the dtypes of the columns */
  get dtypes(): Array<string>;
  /**
   * Returns the dimension of the data. Series have a dimension of 1,
   * while DataFrames have a dimension of 2.
   */
  get ndim(): number;
  /** Returns the axis labels of the NDFrame. */
  get axis(): { index: Array<string | number>; columns: string[] };
  /** Returns the indices of the NDFrame */
  get index(): Array<string | number>;
  /** Returns the column names of the NDFrame */
  get columns(): string[];
  /** Returns the shape of the NDFrame. Shape is determined by [row length, column length] */
  get shape(): Array<number>;
  /** Returns the underlying data in Array format. */
  get values(): ArrayType1D | ArrayType2D;
  /** Returns the size of the NDFrame object */
  get size(): number;
  /** Pretty prints a DataFrame or Series to the console */
  print(): void;
}

export declare class DataFrame extends NDframe {
  /**
   * @param data rows, an array of objects, or an object of columns
   * @param options names of the columns, their types, and labels of the rows
   */
  constructor(data?: object, options?: Options);
  /** The rows as objects. */
  toJSON(): Record<string, unknown>[];
  /**
   * Selects by position.
   * @param rows positions, a slice like `["1:7"]`, or one boolean for each row
   * @param columns positions of columns
   */
  iloc({
    rows,
    columns,
  }: {
    rows?: Array<string | number | boolean> | Series;
    columns?: Array<string | number>;
  }): DataFrame;
  /**
   * Access a group of rows and columns by label(s) or a boolean array.
   * @param rows labels of the index, a slice like `["a:f"]` with both ends, or one boolean for each row
   * @param columns names of columns
   */
  loc({
    rows,
    columns,
  }: {
    rows?: Array<string | number | boolean> | Series;
    columns?: Array<string>;
  }): DataFrame;
  /** The first rows as a table of text. */
  toString(): string;
  /**
   * Returns the first n values in a DataFrame
   * @param rows The number of rows to return
   */
  head(rows?: number): DataFrame;
  /**
   * Returns the last n values in a DataFrame
   * @param rows The number of rows to return
   */
  tail(rows?: number): DataFrame;
  /**
   * Return mean of DataFrame across specified axis.
   * @param options.axis 0 or 1. If 0, compute the mean column-wise, if 1, row-wise. Defaults to 1
   */
  mean(options?: { axis?: 0 | 1 }): Series;
  /**
   * Return median of DataFrame across specified axis.
   * @param options.axis 0 or 1. If 0, compute the median column-wise, if 1, row-wise. Defaults to 1
   */
  median(options?: { axis?: 0 | 1 }): Series;
  /**
   * Return mode of DataFrame across specified axis.
   * @param options.axis 0 or 1. If 0, compute the mode column-wise, if 1, row-wise. Defaults to 1
   * @param options.keep If there are more than one modes, returns the mode at position [keep]. Defaults to 0
   */
  mode(options?: { axis?: 0 | 1; keep?: number }): Series;
  /**
   * Return minimum of values in a DataFrame across specified axis.
   * @param options.axis 0 or 1. If 0, compute the minimum value column-wise, if 1, row-wise. Defaults to 1
   */
  min(options?: { axis?: 0 | 1 }): Series;
  /**
   * Return maximum of values in a DataFrame across specified axis.
   * @param options.axis 0 or 1. If 0, compute the maximum column-wise, if 1, row-wise. Defaults to 1
   */
  max(options?: { axis?: 0 | 1 }): Series;
  /**
   * Return standard deviation of values in a DataFrame across specified axis.
   * @param options.axis 0 or 1. If 0, compute the standard deviation column-wise, if 1, row-wise. Defaults to 1
   */
  std(options?: { axis?: 0 | 1 }): Series;
  /**
   * Return variance of values in a DataFrame across specified axis.
   * @param options.axis 0 or 1. If 0, compute the variance column-wise, if 1, add row-wise. Defaults to 1
   */
  var(options?: { axis?: 0 | 1 }): Series;
  /**
   * Return number of non-null elements in a Series
   * @param options.axis 0 or 1. If 0, count column-wise, if 1, add row-wise. Defaults to 1
   */
  count(options?: { axis?: 0 | 1 }): Series;
  /**
   * Return the sum of values across an axis.
   * @param options.axis 0 or 1. If 0, count column-wise, if 1, add row-wise. Defaults to 1
   */
  sum(options?: { axis?: 0 | 1 }): Series;
  /**
   * Rounds all element in the DataFrame to specified number of decimal places.
   * @param dp Number of decimal places to round to. Defaults to 1
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  round(
    dp: number,
    options?: {
      inplace: boolean;
    },
  ): DataFrame;
  /**
   * Generate descriptive statistics for all numeric columns.
   * Descriptive statistics include those that summarize the central tendency,
   * dispersion and shape of a dataset’s distribution, excluding NaN values.
   */
  describe(): DataFrame;
  /**
   * Drops all rows or columns with missing values (NaN)
   * @param axis 0 or 1. If 0, drop columns with NaNs, if 1, drop rows with NaNs
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  dropNa(options?: { axis: 0 | 1; inplace?: boolean }): DataFrame;
  /**
   * Adds a new column to the DataFrame. If column exists, then the column values is replaced.
   * @param column The name of the column to add or replace.
   * @param values An array of values to be inserted into the DataFrame. Must be the same length as the columns
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   * @param options.atIndex Column index to insert after. Defaults to the end of the columns.
   */
  addColumn(
    column: string,
    values: Series | ArrayType1D,
    options?: {
      inplace?: boolean;
      atIndex?: number | string;
    },
  ): DataFrame;
  /** Makes a deep copy of a DataFrame. */
  copy(): DataFrame;
  /**
   * Return a boolean, same-sized object indicating where elements are empty (NaN, undefined, null).
   * NaN, undefined and null values gets mapped to true, and everything else gets mapped to false.
   */
  isNa(): DataFrame;
  /**
   * Replace all empty elements with a specified value. Replace params expect columns array to map to values array.
   * @param values The list of values to use for replacement.
   * @param options.columns The list of column names to be replaced.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false.
   */
  fillNa(
    values: number | string | boolean | ArrayType1D,
    options?: {
      columns?: Array<string>;
      inplace?: boolean;
    },
  ): DataFrame;
  /**
   * Drop specified columns or rows.
   * @param options.columns Array of column names to drop.
   * @param options.index Array of index to drop.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false.
   */
  drop(options?: {
    columns?: string | Array<string>;
    index?: Array<string | number>;
    inplace?: boolean;
  }): DataFrame;
  /**
   * Sorts a Dataframe by a specified column values
   * @param column Column name to sort by.
   * @param options.ascending Whether to sort values in ascending order or not. Defaults to true.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false.
   */
  sortValues(
    column: string,
    options?: {
      ascending?: boolean;
      inplace?: boolean;
    },
  ): DataFrame;
  /**
   * Sets the index of the DataFrame to the specified value.
   * @param options.index An array of index values to set
   * @param options.column A column name whose values set in place of the index
   * @param options.drop Whether to drop the column whose index was set. Defaults to false
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  setIndex(options: {
    index?: Array<number | string | (number | string)>;
    column?: string;
    drop?: boolean;
    inplace?: boolean;
  }): DataFrame;
  /**
   * Resets the index of the DataFrame to default.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  resetIndex(options?: { inplace?: boolean }): DataFrame;
  /**
   * Apply a function along an axis of the DataFrame. To apply a function element-wise, use `applyMap`.
   * Objects passed to the function are Series values whose
   * index is either the DataFrame’s index (axis=0) or the DataFrame’s columns (axis=1)
   * @param callable Function to apply to each column or row.
   * @param options.axis 0 or 1. If 0, apply "callable" column-wise, else apply row-wise
   */
  apply(
    callable: (value: Unchecked) => Unchecked,
    options?: {
      axis?: 0 | 1;
    },
  ): DataFrame | Series;
  /**
   * Apply a function to a Dataframe values element-wise.
   * @param callable Function to apply to each column or row
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  applyMap(
    callable: (value: Unchecked) => Unchecked,
    options?: {
      inplace?: boolean;
    },
  ): DataFrame;
  /**
   * Returns the specified column data as a Series object.
   * @param column The name of the column to return
   */
  column(column: string): Series;
  /**
   * Return a subset of the DataFrame based on the column dtypes.
   * @param include An array of dtypes or strings to be included.
   */
  selectDtypes(include: Array<string>): DataFrame;
  /** Returns the transpose of the DataFrame. */
  transpose(options?: { inplace?: boolean }): DataFrame;
  /** Returns the Transpose of the DataFrame. Similar to `transpose`. */
  get T(): DataFrame;
  /**
   * Replace all occurence of a value with a new value.
   * @param oldValue The value you want to replace
   * @param newValue The new value you want to replace the old value with
   * @param options.columns An array of column names you want to replace. If not provided replace accross all columns.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  replace(
    oldValue: number | string | boolean,
    newValue: number | string | boolean,
    options?: {
      columns?: Array<string>;
      inplace?: boolean;
    },
  ): DataFrame;
  /**
   * Cast the values of a column to specified data type
   * @param column The name of the column to cast
   * @param dtype Data type to cast to. One of [float32, int32, string, boolean]
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  asType(
    column: string,
    dtype: "float32" | "int32" | "string" | "boolean",
    options?: {
      inplace?: boolean;
    },
  ): DataFrame;
  /**
   * Return the number of unique elements in a column, across the specified axis.
   * To get the values use `.unique()` of a Series instead.
   * @param axis The axis to count unique elements across. Defaults to 1
   */
  nUnique(axis?: 0 | 1): Series;
  /**
   * Renames a column or index to specified value.
   * @param mapper An object that maps each column or index in the DataFrame to a new value
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   * @param options.axis The axis to perform the operation on. Defaults to 1
   */
  rename(
    mapper: {
      [index: string | number]: string | number;
    },
    options?: {
      axis?: 0 | 1;
      inplace?: boolean;
    },
  ): DataFrame;
  /**
   * Sorts the Dataframe by the index.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   * @param options.ascending Whether to sort values in ascending order or not. Defaults to true
   */
  sortIndex(options?: { inplace?: boolean; ascending?: boolean }): DataFrame;
  /**
   * Add new rows at the end of the DataFrame.
   * @param newValues Array, Series or DataFrame to append to the DataFrame
   * @param index The new index value(s) to append to the Series. Must contain the same number of values as `newValues`
   * as they map `1 - 1`.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  append(
    newValues: ArrayType1D | ArrayType2D | Series | DataFrame,
    index: Array<number | string> | number | string,
    options?: {
      inplace?: boolean;
    },
  ): DataFrame;
  /**
   * Queries the DataFrame for rows that meet the boolean criteria. This is just a wrapper for the `iloc` method.
   * @param condition An array of boolean mask, one for each row in the DataFrame. Rows where the value are true will be returned.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  query(
    condition: Series | Array<boolean>,
    options?: {
      inplace?: boolean;
    },
  ): DataFrame;
  /** Returns the data types for each column as a Series. */
  get ctypes(): Series;
  /**
   * One-hot encode specified columns in the DataFrame. If columns are not specified, all columns of string dtype will be encoded.
   * @param options Options for the operation. The following options are available:
   * - `columns`: A single column name or an array of column names to encode. Defaults to all columns of dtype string.
   * - `prefix`: Prefix to add to the column names. Defaults to unique labels.
   * - `prefixSeparator`: Separator to use for the prefix. Defaults to '_'.
   * - `inplace`: Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  getDummies(options?: {
    columns?: string | Array<string>;
    prefix?: string | Array<string>;
    prefixSeparator?: string | Array<string>;
    inplace?: boolean;
  }): DataFrame;
  /** Groupby */
  groupby(col: Array<string>): Groupby;
  /**
   * Access a single value for a row/column pair by integer position.
   * Similar to {@link iloc}, in that both provide integer-based lookups.
   * Use iat if you only need to get or set a single value in a DataFrame.
   * @param row Row index of the value to access.
   * @param column Column index of the value to access.
   */
  iat(row: number, column: number): string | number | boolean | undefined;
  /**
   * Access a single value for a row/column label pair.
   * Similar to {@link loc}, in that both provide label-based lookups.
   * Use at if you only need to get or set a single value in a DataFrame.
   * @param row Row index of the value to access.
   * @param column Column label of the value to access.
   */
  at(row: string | number, column: string): string | number | boolean | undefined;
}

export declare class Series extends NDframe {
  constructor(data?: unknown[], options?: Options);
  /** The values. */
  toJSON(): unknown[];
  /**
   * Purely integer-location based indexing for selection by position.
   * ``.iloc`` is primarily integer position based (from ``0`` to
   * ``length-1`` of the axis), but may also be used with a boolean array.
   * @param rows Array of row indexes
   * Allowed inputs are in rows and columns params are:
   * - An array of single integer, e.g. ``[5]``.
   * - A list or array of integers, e.g. ``[4, 3, 0]``.
   * - A slice array string with ints, e.g. ``["1:7"]``.
   * - A boolean array.
   * - A ``callable`` function with one argument (the calling Series or
   * DataFrame) and that returns valid output for indexing (one of the above).
   * This is useful in method chains, when you don't have a reference to the
   * calling object, but would like to base your selection on some value.
   * ``.iloc`` will raise ``IndexError`` if a requested indexer is
   * out-of-bounds.
   */
  iloc(rows: Array<string | number | boolean>): Series;
  /**
   * Access a group of rows by label(s) or a boolean array.
   * ``loc`` is primarily label based, but may also be used with a boolean array.
   * @param rows Array of row indexes
   * Allowed inputs are:
   * - A single label, e.g. ``["5"]`` or ``['a']``, (note that ``5`` is interpreted as a
   * *label* of the index, and **never** as an integer position along the index).
   * - A list or array of labels, e.g. ``['a', 'b', 'c']``.
   * - A slice object with labels, e.g. ``["a:f"]``. Note that start and the stop are included
   * - A boolean array of the same length as the axis being sliced,
   * e.g. ``[True, False, True]``.
   * - A ``callable`` function with one argument (the calling Series or
   * DataFrame) and that returns valid output for indexing (one of the above)
   */
  loc(rows: Array<string | number | boolean>): Series;
  /**
   * Returns the first n values in a Series
   * @param rows The number of rows to return
   */
  head(rows?: number): Series;
  /**
   * Returns the last n values in a Series
   * @param rows The number of rows to return
   */
  tail(rows?: number): Series;
  /**
   * Return Addition of series and other, element-wise (binary operator add).
   * Equivalent to series + other
   * @param other Series, Array of same length or scalar number to add
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  add(
    other: Series | Array<number> | number,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Returns the subtraction between a series and other, element-wise (binary operator subtraction).
   * Equivalent to series - other
   * @param other Number to subtract
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  sub(
    other: Series | number | Array<number>,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Return Multiplication of series and other, element-wise (binary operator mul).
   * Equivalent to series * other
   * @param other Number to multiply with.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  mul(
    other: Series | number | Array<number>,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Return division of series and other, element-wise (binary operator div).
   * Equivalent to series / other
   * @param other Series or number to divide with.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  div(
    other: Series | number | Array<number>,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Return Exponential power of series and other, element-wise (binary operator pow).
   * Equivalent to series ** other
   * @param other Number to raise to power.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  pow(
    other: Series | number | Array<number>,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Return Modulo of series and other, element-wise (binary operator mod).
   * Equivalent to series % other
   * @param other Number to modulo with
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  mod(
    other: Series | number | Array<number>,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /** Returns the mean of elements in Series. */
  mean(): number;
  /** Returns the median of elements in Series */
  median(): number;
  /** Returns the modal value of elements in Series */
  mode(): ArrayType1D;
  /** Returns the minimum value in a Series */
  min(): number;
  /** Returns the maximum value in a Series */
  max(): number;
  /** Return the sum of the values in a series. */
  sum(): number;
  /** Return number of non-null elements in a Series */
  count(): number;
  /**
   * Return maximum of series and other.
   * @param other Series, number or Array of numbers to check against
   */
  maximum(other: Series | number | Array<number>): Series;
  /**
   * Return minimum of series and other.
   * @param other Series, number of Array of numbers to check against
   */
  minimum(other: Series | number | Array<number>): Series;
  /**
   * Round each value in a Series to the specified number of decimals.
   * @param dp Number of Decimal places to round to
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  round(
    dp?: number,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /** Return sample standard deviation of elements in Series */
  std(): number;
  /** Return unbiased variance of elements in a Series. */
  var(): number;
  /**
   * Return a boolean same-sized object indicating where elements are NaN.
   * NaN and undefined values gets mapped to true, and everything else gets mapped to false.
   */
  isNa(): Series;
  /**
   * Replace all missing values with a specified value
   * @param value The value to replace NaN with
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  fillNa(
    value: number | string | boolean,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Sort a Series in ascending or descending order by some criterion.
   * @param options Method options
   * @param ascending Whether to return sorted values in ascending order or not. Defaults to true
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  sortValues(options?: { ascending?: boolean; inplace?: boolean }): Series;
  /** Makes a deep copy of a Series */
  copy(): Series;
  /**
   * Generate descriptive statistics.
   * Descriptive statistics include those that summarize the central tendency,
   * dispersion and shape of a dataset’s distribution, excluding NaN values.
   */
  describe(): Series;
  /** Resets the index of the Series to default values. */
  resetIndex(options?: { inplace?: boolean }): Series;
  /**
   * Set the Series index (row labels) using an array of the same length.
   * @param index Array of new index values,
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  setIndex(
    index: Array<number | string | (number | string)>,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * map all the element in a Series to a function or object.
   * @param callable callable can either be a funtion or an object. If function, then each value and the corresponding index is passed.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  map(
    callable: object | ((value: Unchecked, position: number) => Unchecked),
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Applies a function to each element of a Series
   * @param callable Function to apply to each element of the series
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  apply(
    callable: (value: Unchecked) => Unchecked,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /** Returns a Series with only the unique value(s) in the original Series */
  unique(): Series;
  /** Return the number of unique elements in a Series */
  nUnique(): number;
  /** Returns unique values and their counts in a Series */
  valueCounts(): Series;
  /**
   * Returns the absolute of values in Series
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  abs(options?: { inplace?: boolean }): Series;
  /**
   * Returns the cumulative sum over a Series
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  cumSum(options?: { inplace?: boolean }): Series;
  /**
   * Returns cumulative minimum over a Series
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  cumMin(options?: { inplace?: boolean }): Series;
  /**
   * Returns cumulative maximum over a Series
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  cumMax(options?: { inplace?: boolean }): Series;
  /**
   * Returns cumulative product over a Series
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  cumProd(options?: { inplace?: boolean }): Series;
  /**
   * Returns less than of series and other. Supports element wise operations
   * @param other Series, number, or Array of numbers to compare against
   */
  lt(other: Series | number | Array<number> | boolean[]): Series;
  /**
   * Returns Greater than of series and other. Supports element wise operations
   * @param other Series, number or Array of numbers to compare against
   */
  gt(other: Series | number | Array<number> | boolean[]): Series;
  /**
   * Returns Less than or Equal to of series and other. Supports element wise operations
   * @param other Series, number or Array of numbers to compare against
   */
  le(other: Series | number | Array<number> | boolean[]): Series;
  /**
   * Returns Greater than or Equal to of series and other. Supports element wise operations
   * @param other Series, number or Array of numbers to compare against
   */
  ge(other: Series | number | Array<number> | boolean[]): Series;
  /**
   * Returns Not Equal to of series and other. Supports element wise operations
   * @param other Series, number or Array of numbers to compare against
   */
  ne(other: Series | number | Array<number> | boolean[]): Series;
  /**
   * Returns Equal to of series and other. Supports element wise operations
   * @param other Series, number or Array of numbers to compare against
   */
  eq(other: Series | number | Array<number> | boolean[]): Series;
  /**
   * Replace all occurence of a value with a new value
   * @param oldValue The value you want to replace
   * @param newValue The new value you want to replace the old value with
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  replace(
    oldValue: string | number | boolean,
    newValue: string | number | boolean,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Drops all missing values (NaN, null, undefined) from a Series.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  dropNa(options?: { inplace?: boolean }): Series;
  /**
   * Returns the integer indices that would sort the Series.
   * @param ascending Boolean indicating whether to sort in ascending order or not. Defaults to true
   */
  argSort(options?: { ascending: boolean }): Series;
  /**
   * Remove duplicate values from a Series
   * @param keep "first" | "last", which dupliate value to keep. Defaults to "first".
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  dropDuplicates(options?: { keep?: "first" | "last"; inplace?: boolean }): Series;
  /**
   * Cast Series to specified data type
   * @param dtype Data type to cast to. One of [float32, int32, string, boolean, undefined]
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  asType(
    dtype: "float32" | "int32" | "string" | "boolean" | "undefined",
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Appends a new value or values to the end of the Series
   * @param newValue Single value | Array | Series to append to the Series
   * @param index The new index value(s) to append to the Series. Must contain the same number of values as `newValues`
   * as they map `1 - 1`.
   * @param options.inplace Boolean indicating whether to perform the operation inplace or not. Defaults to false
   */
  append(
    newValue: string | number | boolean | Series | ArrayType1D,
    index: Array<number | string> | number | string,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /** Returns dtype of Series */
  get dtype(): string;
  /** Exposes numerous string methods to manipulate Series of string dtype */
  get str(): Str;
  /** Returns time class that exposes different date time method */
  get dt(): Dt;
  /** The name and the first values as text. */
  toString(): string;
  /**
   * Returns the logical AND between Series and other. Supports element wise operations and broadcasting.
   * @param other Series, Scalar, Array of Scalars
   */
  and(other: Series | ArrayType1D | boolean): Series;
  /**
   * Returns the logical OR between Series and other. Supports element wise operations and broadcasting.
   * @param other Series, Scalar, Array of Scalars
   */
  or(other: Series | ArrayType1D | boolean): Series;
  /**
   * Access a single value for a row index.
   * Similar to iloc, in that both provide index-based lookups.
   * Use iat if you only need to get or set a single value in a Series.
   * @param row Row index of the value to access.
   */
  iat(row: number): number | string | boolean | undefined;
  /**
   * Access a single value for a row label.
   * Similar to loc, in that both provide label-based lookups.
   * Use at if you only need to get or set a single value in a Series.
   * @param row Row label of the value to access.
   */
  at(row: string): number | string | boolean | undefined;
}

export declare class Groupby {
  /**
   * Chooses the columns that the next operation works on.
   * @param colNames column names
   */
  col(colNames: ArrayType1D | undefined): Groupby;
  /** Obtain the count for each group */
  count(): DataFrame;
  /** Obtain the sum of columns for each group */
  sum(): DataFrame;
  /** Obtain the standard deviation of columns for each group */
  std(): DataFrame;
  /** Obtain the variance of columns for each group */
  var(): DataFrame;
  /** Obtain the mean of columns for each group */
  mean(): DataFrame;
  /** Obtain the cumsum of columns for each group */
  cumSum(): DataFrame;
  /** Obtain the cummax of columns for each group */
  cumMax(): DataFrame;
  /** Obtain the cumprod of columns for each group */
  cumProd(): DataFrame;
  /** Obtain the cummin of columns for each group */
  cumMin(): DataFrame;
  /** Obtain the max value of columns for each group */
  max(): DataFrame;
  /** Obtain the min of columns for each group */
  min(): DataFrame;
  /**
   * Obtain a specific group
   * @param keys Array<string | number>
   */
  getGroup(keys: Array<string | number>): DataFrame;
  /** Perform aggregation on all groups */
  agg(ops: { [key: string]: Array<string> | string }): DataFrame;
  /**
   * Apply custom aggregator function
   * to each group
   */
  apply(callable: (x: DataFrame) => DataFrame | Series): DataFrame;
  /** obtain the total number of groups */
  get ngroups(): number;
  /** Obtain the first row of each group */
  first(): DataFrame;
  /** Obtain the last row of each group */
  last(): DataFrame;
  /** Obtains the dataframe size of each group */
  size(): DataFrame;
}

export declare class Str {
  /**
   * Converts all characters to lowercase.
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  toLowerCase(options?: { inplace?: boolean }): Series;
  /**
   * Converts all characters to uppercase.
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  toUpperCase(options?: { inplace?: boolean }): Series;
  /**
   * Capitalize first string
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  capitalize(options?: { inplace?: boolean }): Series;
  /**
   * Returns the character at the specified index (position)
   * @param index position of character
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  charAt(
    index: number,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Joins specified `other` with values in the Series.
   * @param other string|values to concatenate with.
   * @param position where to concat the string from. O concats from the start, 1 concats from the end. Defaults to 1.
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  concat(
    other: Array<string> | string,
    position: number,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Checks whether a string begins with specified characters
   * @param str String or Character to check against
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  startsWith(
    str: string,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Checks whether a string ends with specified characters
   * @param str String or Character to check against
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  endsWith(
    str: string,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Checks whether a string contains the specified string/characters
   * @param str String or Character to check against
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  includes(
    str: string,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Returns the position of the first occurrence of a specified value in a string.
   * @param str String or Character to check against
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  indexOf(
    str: string,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Returns the position of the last found occurrence of a specified value in a string
   * @param str String or Character to check against
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  lastIndexOf(
    str: string,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Searches a string for a specified value, or a regular expression, and returns a new string where the specified values are replaced
   * @param searchValue String | Character value to replace
   * @param replaceValue String | Character string to replace with
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  replace(
    searchValue: string,
    replaceValue: string,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Returns a new string with a specified number of copies of an existing string
   * @param num Number of times to repeat
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  repeat(
    num: number,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Searches a string for a specified value, or regular expression, and returns the position of the match
   * @param str String or Character to check against
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  search(
    str: string,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Extracts a part of a string and returns a new string
   * @param startIndex index position of start character
   * @param endIndex index position of last character
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  slice(
    startIndex: number,
    endIndex: number,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Splits a string into an values of substrings
   * @param splitVal string or character to split at
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  split(
    splitVal: string,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Extracts the characters from a string, beginning at a specified start position, and through the specified number of character
   * @param startIndex index position of start character
   * @param num number of characters to return
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  substr(
    startIndex: number,
    num: number,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Extracts the characters from a string, between two specified indices
   * @param startIndex index position of start character
   * @param endIndex index position of last character
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  substring(
    startIndex: number,
    endIndex: number,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Removes whitespace from both ends of a string
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  trim(options?: { inplace?: boolean }): Series;
  /**
   * Joins strings to specified value
   * @param valToJoin string value to join to the values
   * @param joinChar Character to Join with
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  join(
    valToJoin: string,
    joinChar: string,
    options?: {
      inplace?: boolean;
    },
  ): Series;
  /**
   * Counts the number of characters in string
   * @param options The following optional parameters are supported:
   * - `inplace` Boolean, indicating whether to perform the operation inplace or not. Defaults to `false`
   */
  len(options?: { inplace?: boolean }): Series;
}

export declare class Dt {
  /** Returns the month, in local time. */
  month(): Series;
  /** Returns the day of the week, in local time */
  dayOfWeek(): Series;
  /** Returns the year, in local time */
  year(): Series;
  /** Returns the name of the month, in local time */
  monthName(): Series;
  /** Returns the name of the day, of the week, in local time */
  dayOfWeekName(): Series;
  /** Returns the day of the month, in local time */
  dayOfMonth(): Series;
  /** Returns the hour of the day, in local time */
  hours(): Series;
  /** Returns the second of the day, in local time */
  seconds(): Series;
  /** Returns the minute of the day, in local time */
  minutes(): Series;
  /** Returns the Date as JavaScript standard Date object */
  date(): Series;
}
