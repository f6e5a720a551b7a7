type Properties<Tag extends keyof HTMLElementTagNameMap> = Partial<
  Omit<HTMLElementTagNameMap[Tag], "style" | "dataset">
>;

/** An element with properties and children; text becomes text, never HTML. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties<Tag> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

/** A button that does something; `label` is what a screen reader says where the text is a sign. */
export function button(text: string, act: () => void, label?: string): HTMLButtonElement {
  const made = element("button", { type: "button", textContent: text });
  if (label !== undefined) Object.assign(made, { ariaLabel: label, title: label });
  made.addEventListener("click", act);
  return made;
}

/** Calls `act` when nothing has happened for a moment. */
export function unhurried(act: () => void, milliseconds = 250): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds);
  };
}
