/** Takes colours from the page, so that light and dark themes both work; the warning has its own. */
export const style = [
  ".skbook-table .scroll{overflow-x:auto}",
  ".skbook-table table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:0}",
  ".skbook-table th,.skbook-table td{text-align:right;padding:2px 10px;white-space:nowrap;vertical-align:top}",
  ".skbook-table td.text,.skbook-table th.text{text-align:left}",
  ".skbook-table thead th{border-bottom:1px solid currentColor}",
  ".skbook-table tbody tr{border-bottom:1px solid rgba(128,128,128,.25)}",
  ".skbook-table small,.skbook-table i{opacity:.6;font-weight:normal}",
  ".skbook-table p{margin:4px 0}",
  ".skbook-table .warning{background:#b3261e;color:#fff;border-radius:3px;padding:1px 6px;margin-left:4px}",
  ".skbook-table details td{white-space:pre-wrap;overflow-wrap:anywhere}",
].join("");
