import { text } from "../../../captures/index.js";
import { type Application, rowColumns } from "../pass.js";
import { hostsOnly, pathsOnly } from "./withheld.js";

/** First lines of HTTP/1 messages. Of the headers only Host is asked for; secrets stand in others, and in what follows a path. */
export const httpMessages: Application = {
  name: "httpMessages",
  layers: ["http"],
  filter: "tcp && (http.request.method || http.response.code)",
  columns: [
    ...rowColumns,
    text(["methods", null, "of requests, joined by commas"], "http.request.method"),
    text(["hosts", null, "their Host headers, joined by commas"], "http.host"),
    text(["paths", null, "their paths, joined by commas"], "http.request.uri"),
    text(["codes", null, "status codes of responses, joined by commas"], "http.response.code"),
  ],
  essential: new Set(["frame.number", "tcp.segment", "http.request.method", "http.response.code"]),
  withhold: { "http.request.uri": pathsOnly, "http.host": hostsOnly },
};
