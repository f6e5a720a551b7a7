import { tcpConnectionRules } from "./connection.js";
import { tcpLossRules } from "./loss.js";
import { tcpTimeRules } from "./time.js";
import { tcpWindowRules } from "./window.js";

/** The rules about TCP, in the order in which they are listed. */
export const tcpRules = { ...tcpConnectionRules, ...tcpLossRules, ...tcpWindowRules, ...tcpTimeRules };
