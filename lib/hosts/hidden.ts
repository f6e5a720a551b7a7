/** Keeps all but some properties of an object from whoever prints it: connections hold keys and passwords. */
export function hideAllBut(object: object, shown: readonly string[]): void {
  for (const name of Object.keys(object))
    if (!shown.includes(name)) Object.defineProperty(object, name, { enumerable: false });
}
