/** Jupyter counts a cursor's position in characters, JavaScript in UTF-16 units. */
export function toUnits(text: string, characters: number): number {
  return [...text].slice(0, characters).join("").length;
}

export function toCharacters(text: string, units: number): number {
  return [...text.slice(0, units)].length;
}
