import { packageName } from "../package.js";

/** Whether an import names this package. */
export function isOwn(specifier: string): boolean {
  return specifier === packageName || specifier.startsWith(`${packageName}/`);
}

/** Whether an import is looked up in node_modules: not a path, not one of Node's own modules. */
export function isBare(specifier: string): boolean {
  return !/^(\.{0,2}\/|\.{1,2}$|node:)/.test(specifier);
}
