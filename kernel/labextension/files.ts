import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot, packageVersion } from "../package.js";
import { entryScript } from "./entry.js";
import { renderers } from "./renderers.js";

/** How JupyterLab names the extension. */
export const labextensionName = "skbook";

/** What lets tables ask the kernel, as the build has made it. */
const tablesScript = join(packageRoot, "dist/browser/tables-in-jupyterlab.js");
const manifest = "package.json";
const statics = "static";

/**
 * Writes the extension that shows skbook's outputs into one of Jupyter's folders for prebuilt extensions, whole or not at all;
 * resolves to its folder.
 */
export async function writeLabextension(labextensions: string): Promise<string> {
  const folder = join(labextensions, labextensionName);
  const script = `${await readFile(tablesScript, "utf8")}\n${entryScript(labextensionName, renderers)}`;
  // Another script has another address: browsers keep what they have loaded.
  const hash = createHash("sha256").update(script).digest("hex").slice(0, 12);
  const entry = `${statics}/entry.${hash}.js`;
  const described = manifestText(entry);
  if ((await readFile(join(folder, manifest), "utf8").catch(() => "")) === described) return folder;
  // A JupyterLab that is running may read it at any moment.
  const made = join(labextensions, `.${labextensionName}.${process.pid}`);
  try {
    await mkdir(join(made, statics), { recursive: true });
    await writeFile(join(made, entry), script);
    for (const [name, from] of renderers.flatMap(({ files }) => Object.entries(files)))
      await cp(from, join(made, statics, name));
    await writeFile(join(made, manifest), described);
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return folder;
}

/** Removes the extension; resolves to what was removed. */
export async function removeLabextension(labextensions: string): Promise<string[]> {
  const folder = join(labextensions, labextensionName);
  const isThere = await readdir(folder).then(
    () => true,
    () => false,
  );
  await rm(folder, { recursive: true, force: true });
  return isThere ? [folder] : [];
}

/** What JupyterLab reads of it; the same text where nothing of the extension has changed. */
function manifestText(entry: string): string {
  const described = {
    name: labextensionName,
    version: packageVersion,
    description: "Shows the outputs of skbook's kernel",
    license: "Apache-2.0",
    jupyterlab: {
      extension: true,
      mimeExtension: true,
      _build: { load: entry, extension: "./extension", mimeExtension: "./renderers" },
    },
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}
