export * from "./drop/index.js";
