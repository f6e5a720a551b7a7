import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { readNotebook, titleOf } from "../notebook/index.js";
import { packageRoot } from "../package.js";

/** A notebook to start from. */
export interface Template {
  name: string;
  path: string;
  /** Its first heading. */
  title: string;
}

/** What `skbook new` can write: the templates, then the investigations. */
export async function templates(): Promise<Template[]> {
  const folders = ["notebooks/templates", "notebooks"].map((folder) => join(packageRoot, folder));
  const found = await Promise.all(folders.map(notebooksIn));
  // An investigation that has the name of a template is the longer form of it.
  const names = new Set(found[0]?.map(({ name }) => name));
  return [...(found[0] ?? []), ...(found[1] ?? []).filter(({ name }) => !names.has(name))];
}

async function notebooksIn(folder: string): Promise<Template[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ipynb")).sort();
  return Promise.all(
    files.map(async (file) => {
      const name = basename(file, ".ipynb");
      const path = join(folder, file);
      return { name, path, title: titleOf(await readNotebook(path)) ?? name };
    }),
  );
}
