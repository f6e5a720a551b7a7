import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as TypeScript from "@tslab/typescript-for-tslab";
import { packageRoot } from "../package.js";
import { isBare, isOwn } from "./modules.js";

const require = createRequire(import.meta.url);

type Host =
  TypeScript.WatchCompilerHostOfFilesAndCompilerOptions<TypeScript.EmitAndSemanticDiagnosticsBuilderProgram>;

/** Cells are checked as strictly as this package's own code; packages resolve as bundlers resolve them. */
function cellOptions(ts: typeof TypeScript): TypeScript.CompilerOptions {
  return {
    strict: true,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2023.d.ts"],
    types: ["node"],
    typeRoots: [dirname(dirname(require.resolve("@types/node/package.json")))],
    // Cells are modules, so the parser itself understands a top-level await.
    disableTopLevelAwait: false,
  };
}

/** A notebook outside of this package's folder finds this package and its dependencies. */
function resolveAlsoFromPackage(ts: typeof TypeScript, host: Host): void {
  const anchor = join(packageRoot, "package.json");
  host.resolveModuleNameLiterals = (literals, containingFile, redirected, options) =>
    literals.map(({ text }) => {
      const from = (file: string) => ts.resolveModuleName(text, file, options, host, undefined, redirected);
      if (isOwn(text)) return from(anchor);
      const found = from(containingFile);
      return found.resolvedModule === undefined && isBare(text) ? from(anchor) : found;
    });
  // A host with a resolution of its own is asked for every file of every package again unless it says this.
  host.hasInvalidatedResolutions = () => false;
}

/**
 * tslab's compiler with our options. tslab takes no options, so the module that it loads is replaced by a copy
 * whose compiler host has them; this must happen before tslab's converter is loaded.
 */
function loadCompiler(): typeof TypeScript {
  const path = require.resolve("@tslab/typescript-for-tslab");
  const original = require(path) as typeof TypeScript;
  const ts = { ...original };
  const createHost = original.createWatchCompilerHost as (...args: unknown[]) => Host;
  ts.createWatchCompilerHost = ((files: string[], options: object, ...rest: unknown[]) => {
    const host = createHost(files, { ...options, ...cellOptions(original) }, ...rest);
    resolveAlsoFromPackage(original, host);
    return host;
  }) as typeof ts.createWatchCompilerHost;
  const { watchFile } = original.sys;
  const unwatched = { close: () => undefined };
  // Packages don't change under a running kernel: hundreds of watchers for them, and a recursive one for the
  // notebook's folder, would only cost.
  ts.sys.watchFile = (file, ...rest) =>
    file.endsWith(".d.ts") || watchFile === undefined ? unwatched : watchFile(file, ...rest);
  ts.sys.watchDirectory = () => unwatched;
  const loaded = require.cache[path];
  if (loaded !== undefined) loaded.exports = ts;
  return ts;
}

export const ts = loadCompiler();
