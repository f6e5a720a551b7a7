/** The names under which emitted code finds what the kernel gives to a cell. */
export const injected = { run: "__skbook__", loop: "__loop__", enter: "__enter__" } as const;
