export { Topology, topology } from "./topology.js";
