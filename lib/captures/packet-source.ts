import { packetTable } from "../tables/index.js";
import { Capture } from "./capture.js";
import { packets } from "./packets/index.js";
import { packetsOf } from "./select/index.js";

// Set from outside the class: what dissects captures is built on what a capture is.
Capture.prototype[packetTable] = function (this: Capture, { conversations = false } = {}) {
  return conversations ? packetsOf(this, {}) : packets(this);
};
