import Module from "node:module";
import { join } from "node:path";
import { packageName, packageRoot } from "../package.js";

interface Loader {
  _resolveFilename(request: string, parent: Module | undefined, ...rest: unknown[]): string;
  _load(...args: unknown[]): unknown;
  _nodeModulePaths(folder: string): string[];
}

/** Called where work begins that must not be stopped by force; what it returns is called where the work ends. */
export type Guard = () => () => void;

/** Whether an import names this package. */
export function isOwn(specifier: string): boolean {
  return specifier === packageName || specifier.startsWith(`${packageName}/`);
}

/** Whether an import is looked up in node_modules: not a path, not one of Node's own modules. */
export function isBare(specifier: string): boolean {
  return !/^(\.{0,2}\/|\.{1,2}$|node:)/.test(specifier);
}

/** Says when a module is being loaded: stopped halfway, it would stay broken for as long as the process lives. */
export function guardLoading(guard: Guard): void {
  const loader = Module as unknown as Loader;
  const load = loader._load;
  loader._load = function (...args) {
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
