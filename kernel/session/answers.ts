import type { Content } from "../wire/index.js";
import { kernelInfo } from "./info.js";
import type { Request } from "./orders.js";

/** What answering may do beside the reply. */
export interface Acts {
  interrupt(): void;
  shutdown(): void;
}

type Answer = (request: Request) => Content | undefined;

/** Answers to messages that need nothing from the main thread; undefined where the protocol has no reply. */
export function answersWith(acts: Acts): Record<string, Answer | undefined> {
  return {
    kernel_info_request: () => ({ status: "ok", ...kernelInfo }),
    interrupt_request: () => {
      acts.interrupt();
      return { status: "ok" };
    },
    shutdown_request: ({ message }) => {
      acts.shutdown();
      return { status: "ok", restart: message.content.restart === true };
    },
    // A refusal in the words of the debug adapter protocol, which this message carries.
    debug_request: ({ message }) => ({
      type: "response",
      seq: 0,
      request_seq: message.content.seq,
      command: message.content.command,
      success: false,
      message: "this kernel has no debugger",
    }),
  };
}
