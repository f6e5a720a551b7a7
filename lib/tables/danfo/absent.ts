import { SkbookError } from "../../errors/index.js";

/** Methods and properties that need a package which skbook does not bring, or that answer wrongly where a value is null, by class. */
const absent = {
  DataFrame: [
    "tensor",
    ...["add", "sub", "mul", "div", "divNoNan", "pow", "mod", "diff", "pctChange"],
    ...["lt", "gt", "eq", "ne", "le", "ge", "sample"],
    ...["abs", "cumSum", "cumProd", "cumMin", "cumMax"],
    ...["plot", "toExcel", "toCSV"],
  ],
  Series: ["tensor", "sample", "argMax", "argMin", "getDummies", "plot", "toCSV", "toExcel"],
} as const;

const instead = {
  plot: "draw it with plot()",
  toExcel: "write CSV: toCsv(path)",
  toCSV: "write the whole frame as CSV: toCsv(path)",
} as const;
const compute = "compute it in SQL: sql() of a Frame, or on the array that values gives";

/**
 * Has what is left out of danfojs say so when it is used. Its arithmetic on whole frames is among that: it goes by tensors, which hold
 * numbers in 32 bits, so that a counter above 16,777,216 came out changed.
 */
export function refuseAbsent(classes: Record<keyof typeof absent, { prototype: object }>): void {
  for (const [name, { prototype }] of Object.entries(classes)) {
    for (const member of absent[name as keyof typeof absent]) {
      const refuse = () => {
        throw new SkbookError({
          code: "NOT_IN_DANFOJS",
          tried: `use ${member} of a ${name}`,
          failed:
            "skbook ships danfojs without tensors, plots, spreadsheets and what takes null for a number",
          todo: member in instead ? instead[member as keyof typeof instead] : compute,
        });
      };
      const property = member === "tensor" ? { get: refuse } : { value: refuse };
      Object.defineProperty(prototype, member, { ...property, configurable: true });
    }
  }
}
