/** What cells have without an import; the kernel puts it there. A cell may declare the name as its own. */
export const prelude = `
/**
 * Searches what cells can call: names, what they measure, parameters, columns and findings.
 *
 * @param query words, or a name: "retransmission", "drop reason", "flows". Without one, an overview.
 */
declare function help(query?: string): object;
`;
