import { relative, resolve } from "node:path";

/**
 * The notebook's folder as the compiler calls it: the same for every notebook, so that what a snapshot holds fits all of
 * them. It lies so deep that every `../` of a notebook still has a name.
 */
export const cellsFolder = `/skbook${"/up".repeat(32)}/cells`;

let folder = "/";

/** Says which folder it is. */
export function openFolder(path: string): void {
  folder = path;
}

/** Where a file of the compiler is on disk. */
export function onDisk(name: string): string {
  return name.startsWith("/skbook/up/") ? resolve(folder, relative(cellsFolder, name)) : name;
}

/** What the compiler says, with the notebook's own folder. */
export function withFolder(text: string): string {
  return text.replaceAll(cellsFolder, folder);
}
