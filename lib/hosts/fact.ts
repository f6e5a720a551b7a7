/** One fact: area, name, value (null: the host doesn't say), and what follows from it. */
export type Fact = [area: string, fact: string, value: string | null, note: string | null];
