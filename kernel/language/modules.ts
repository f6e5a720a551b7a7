import Module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import vm from "node:vm";
import { isBare, isOwn } from "../compiler/index.js";
import { packageRoot } from "../package.js";

interface Loader {
  _resolveFilename(request: string, parent: Module | undefined, ...rest: unknown[]): string;
  _load(...args: unknown[]): unknown;
  _nodeModulePaths(folder: string): string[];
}

/** Called where work begins that must not be stopped by force; what it returns is called where the work ends. */
export type Guard = () => () => void;

/** What the cells of a folder import that can only be imported, not required; loaded before the cell runs. */
const imported = new Map<string, unknown>();
/** Why a module can't be required: it awaits something at its top level, or is only for imports. */
const onlyImported = ["ERR_REQUIRE_ASYNC_MODULE", "ERR_PACKAGE_PATH_NOT_EXPORTED"];

/** Says when a module is being loaded: stopped halfway, it would stay broken for as long as the process lives. */
export function guardLoading(guard: Guard): void {
  const loader = Module as unknown as Loader;
  const load = loader._load;
  loader._load = function (...args) {
    const [request, parent] = args as [string, Module | undefined];
    const ready = imported.get(keyOf(dirname(parent?.filename ?? ""), request));
    if (ready !== undefined) return ready;
    const leave = guard();
    try {
      return load.apply(this, args);
    } finally {
      leave();
    }
  };
}

/**
 * Lets notebooks in any folder import this package and what it depends on. The notebook's own packages come first,
 * except that this package is always the one whose kernel runs.
 */
export function installModuleFallback(): void {
  const loader = Module as unknown as Loader;
  const resolve = loader._resolveFilename;
  const anchor = new Module(join(packageRoot, "package.json"));
  anchor.filename = anchor.id;
  anchor.paths = loader._nodeModulePaths(packageRoot);
  loader._resolveFilename = function (request, parent, ...rest) {
    if (isOwn(request)) return resolve.call(this, request, anchor, ...rest);
    try {
      return resolve.call(this, request, parent, ...rest);
    } catch (error) {
      const fromPackage = parent?.filename?.includes("/node_modules/");
      if (fromPackage || !isBare(request) || (error as { code?: string }).code !== "MODULE_NOT_FOUND")
        throw error;
      try {
        return resolve.call(this, request, anchor, ...rest);
      } catch {
        throw error;
      }
    }
  };
}

type Import = (specifier: string) => Promise<Record<string, unknown>>;

/** The `import()` of Node itself, as a file of the folder would call it. */
function importFrom(folder: string): Import {
  const options = {
    filename: join(folder, "cell.js"),
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  };
  return new vm.Script("(specifier) => import(specifier)", options).runInThisContext();
}

/** The `import()` of a notebook in this folder; `require` knows the folder's TypeScript files. */
export function notebookImport(
  folder: string,
): (require: NodeJS.Require, specifier: string) => Promise<unknown> {
  const fromNotebook = importFrom(folder);
  const fromPackage = importFrom(packageRoot);
  return async (require, specifier) => {
    if (isOwn(specifier)) return fromPackage(specifier);
    if (specifier.startsWith(".")) {
      try {
        return asNamespace(require(specifier));
      } catch (error) {
        if (!isOnlyImported(error)) throw error;
      }
    }
    try {
      return await fromNotebook(specifier);
    } catch (error) {
      if (!isBare(specifier) || (error as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw error;
      return fromPackage(specifier).catch(() => Promise.reject(error));
    }
  };
}

function asNamespace(exports: unknown): unknown {
  if (typeof exports !== "object" || exports === null) return { default: exports };
  return "__esModule" in exports ? exports : { default: exports, ...exports };
}

/** Those of the modules that only `import()` can load. */
export function unrequirable(folder: string, specifiers: readonly string[]): string[] {
  const require = createRequire(join(folder, "cell.js"));
  return specifiers.filter((specifier) => {
    try {
      require(specifier);
    } catch (error) {
      // Any other fault is the cell's own to meet.
      return isOnlyImported(error);
    }
    return false;
  });
}

/** Imports a module for the cells of a folder, which then can require it. */
export async function provide(
  folder: string,
  specifier: string,
  load: (specifier: string) => Promise<unknown>,
): Promise<void> {
  const namespace = (await load(specifier)) as object;
  const exports = Object.defineProperty({ ...namespace }, "__esModule", { value: true });
  imported.set(keyOf(folder, specifier), exports);
}

function keyOf(folder: string, specifier: string): string {
  return `${folder}\0${specifier}`;
}

function isOnlyImported(error: unknown): boolean {
  return onlyImported.includes((error as { code?: string }).code ?? "");
}
