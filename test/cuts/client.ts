import { connect } from "../../lib/index.js";
import { enterCell } from "../fixtures/cell.js";
import { type Victim, victims } from "./victims.js";

// A process that measures as a cell does: says when it is connected, and what came of it. SIGINT interrupts the cell.
const { destination, options, victim, time } = JSON.parse(process.argv[2] ?? "");
const cell = enterCell("cut");
process.on("SIGINT", () => cell.interrupt());
const host = await connect(destination, options);
console.log("connected");
const said = await (victims[victim] as Victim)(host, time).then(
  () => "whole",
  (error) => error.code ?? `UNCODED ${error.stack}`,
);
await host.close();
console.log(said);
