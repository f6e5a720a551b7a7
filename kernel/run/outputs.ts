import { linesOf, type Output } from "../notebook/index.js";
import type { Content, Message } from "../wire/index.js";

type Bundle = Record<string, unknown>;

/** Turns the messages of a run into the outputs of its cells. */
export class OutputCollector {
  /** Outputs by display id: an update reaches them in whatever cell they are. */
  readonly #displays = new Map<string, Output[]>();
  /** Cells whose outputs are to go when the next one comes. */
  readonly #clearing = new Set<Output[]>();

  /** Adds what a message says to the outputs of the cell that it belongs to. */
  collect(outputs: Output[], { header, content }: Message): void {
    if (header.msg_type === "clear_output") this.#clear(outputs, content.wait === true);
    if (header.msg_type === "stream") this.#stream(outputs, String(content.name), String(content.text));
    if (header.msg_type === "display_data") this.#display(outputs, content);
    if (header.msg_type === "update_display_data") this.#update(content);
    if (header.msg_type === "execute_result") {
      const { execution_count, data, metadata } = content;
      this.#add(outputs, {
        output_type: "execute_result",
        execution_count,
        data: stored(data as Bundle),
        metadata,
      });
    }
    if (header.msg_type === "error") {
      const { ename, evalue, traceback } = content;
      this.#add(outputs, { output_type: "error", ename, evalue, traceback });
    }
  }

  #add(outputs: Output[], output: Output): void {
    if (this.#clearing.delete(outputs)) outputs.length = 0;
    outputs.push(output);
  }

  #clear(outputs: Output[], wait: boolean): void {
    if (wait) this.#clearing.add(outputs);
    else outputs.length = 0;
  }

  /** Text that follows text of the same stream joins it, so that outputs don't depend on how writes were timed. */
  #stream(outputs: Output[], name: string, text: string): void {
    const last = this.#clearing.has(outputs) ? undefined : outputs.at(-1);
    if (last?.output_type !== "stream" || last.name !== name) {
      this.#add(outputs, { output_type: "stream", name, text: linesOf(text) });
      return;
    }
    const lines = last.text as string[];
    for (const line of linesOf((lines.pop() ?? "") + text)) lines.push(line);
  }

  #display(outputs: Output[], { data, metadata, transient }: Content): void {
    const output = { output_type: "display_data", data: stored(data as Bundle), metadata };
    this.#add(outputs, output);
    const id = (transient as { display_id?: string } | undefined)?.display_id;
    if (id !== undefined) this.#displays.set(id, [...(this.#displays.get(id) ?? []), output]);
  }

  #update({ data, metadata, transient }: Content): void {
    const id = (transient as { display_id?: string } | undefined)?.display_id ?? "";
    for (const output of this.#displays.get(id) ?? []) {
      output.data = stored(data as Bundle);
      output.metadata = metadata;
    }
  }
}

/** A bundle as nbformat stores it: text as lines, JSON as it is. */
function stored(bundle: Bundle): Bundle {
  const isText = (type: string) => type.startsWith("text/") || type === "image/svg+xml";
  return Object.fromEntries(
    Object.entries(bundle).map(([type, data]) => [
      type,
      isText(type) && typeof data === "string" ? linesOf(data) : data,
    ]),
  );
}
