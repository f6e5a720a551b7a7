import { readSegmentsBy } from "../../captures/index.js";
import { tcpSegments } from "./segments.js";

// Figures of packets show what the sequence pass says of them, and know no analysis.
readSegmentsBy(tcpSegments);
