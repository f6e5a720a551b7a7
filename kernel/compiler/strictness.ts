import ts from "typescript";

/** The checks that a tsconfig.json beside the notebook may turn off or on; the rest is the kernel's business. */
const choices = [
  "strict",
  "noImplicitAny",
  "strictNullChecks",
  "strictFunctionTypes",
  "strictBindCallApply",
  "strictPropertyInitialization",
  "useUnknownInCatchVariables",
  "noImplicitThis",
  "noUncheckedIndexedAccess",
  "exactOptionalPropertyTypes",
] as const;

/** How strictly cells are checked: strictly, unless a tsconfig.json in the notebook's folder chooses otherwise. */
export function strictness(folder: string): ts.CompilerOptions {
  const path = `${folder}/tsconfig.json`;
  const { config } = ts.sys.fileExists(path) ? ts.readConfigFile(path, ts.sys.readFile) : { config: {} };
  const chosen = ts.parseJsonConfigFileContent(
    { extends: config?.extends, compilerOptions: config?.compilerOptions, files: [] },
    ts.sys,
    folder,
  ).options;
  return {
    strict: true,
    ...Object.fromEntries(choices.flatMap((name) => (name in chosen ? [[name, chosen[name]]] : []))),
  };
}
