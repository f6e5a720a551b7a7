const line = "color-mix(in srgb, currentColor 16%, transparent)";

/** Takes colours from the page, so that light and dark themes both work; the warning has its own. */
export const style = [
  ".skbook-table .scroll{overflow-x:auto}",
  ".skbook-table table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:0;table-layout:auto;width:auto}",
  ".skbook-table th,.skbook-table td{text-align:right;padding:3px 10px;vertical-align:top;max-width:none;overflow-wrap:anywhere}",
  ".skbook-table .rows :is(th,td){white-space:nowrap}",
  ".skbook-table td.text,.skbook-table th.text{text-align:left}",
  ".skbook-table .rows details[open]{white-space:pre-wrap;width:44rem}",
  ".skbook-table thead th{border-bottom:1px solid currentColor}",
  `.skbook-table tbody tr{border-bottom:1px solid ${line}}`,
  ".skbook-table small,.skbook-table i{opacity:.72;font-weight:normal}",
  ".skbook-table p{margin:4px 0}",
  ".skbook-table .warning{background:#b3261e;color:#fff;border-radius:3px;padding:1px 6px;margin-left:4px}",
  ".skbook-table summary{cursor:pointer}",
  ".skbook-table details td{white-space:pre-wrap}",
].join("");
