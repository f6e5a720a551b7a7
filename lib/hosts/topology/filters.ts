import { oneLine } from "../shell.js";

/**
 * Reads a command line of QEMU, an argument per line, and lets pass what says which interfaces the machine has: nothing else of it
 * leaves the host, for it may hold passwords. `,,` is a comma inside a value; newer QEMU takes JSON in place of `a=b,c=d`.
 */
export const optionsFilter = oneLine(String.raw`
  function pick(text, keys,   out, n, i, list, value) { n = split(keys, list, " "); for (i = 1; i <= n; i++) {
  value = text ~ /^\{/ ? json(text, list[i]) : plain(text, list[i]);
  if (value != "") out = out (out == "" ? "" : ",") list[i] "=" value }; return out }
  function json(text, key,   found) { if (!match(text, "\"" key "\":(\"[^\"\\\\,]*\"|[a-z0-9]+)")) return "";
  found = substr(text, RSTART + length(key) + 3, RLENGTH - length(key) - 3); gsub(/"/, "", found); return found }
  function plain(text, key,   n, i, list) { gsub(/,,/, "\001", text); n = split(text, list, ",");
  if ((key == "type" || key == "driver") && list[1] !~ /=/) return list[1];
  for (i = 1; i <= n; i++) if (index(list[i], key "=") == 1) return substr(list[i], length(key) + 2); return "" }
  function named(text,   name) { name = plain(text, "guest"); if (name == "") { name = text; gsub(/,,/, "\001", name);
  sub(/,.*/, "", name) }; gsub(/\001/, ",", name); return name }
  last == "-name" { print "name " named($0) }
  last == "-uuid" { print "uuid " $0 }
  last == "-netdev" { print "netdev " ($0 ~ /^\{/ ? "json=on," : "") pick($0, "type id ifname fd fds vhost vhostfd vhostfds queues") }
  last == "-nic" { print "netdev " pick($0, "type id ifname fd fds vhost vhostfd vhostfds queues mac model") }
  last == "-device" { device = pick($0, "driver netdev id mac"); if (device ~ /(^|,)netdev=/) print "device " device }
  { last = $0 }
`);

/** Of the lines of ovs-appctl dpif/show, the options that say where a port leads. */
export const portsFilter = oneLine(String.raw`
  /^ *[^ ]+ [^ ]+: \(.*\)$/ { open = index($0, "("); line = substr($0, 1, open);
  text = substr($0, open + 1, length($0) - open - 1); colon = index(text, ": ");
  n = split(colon == 0 ? "" : substr(text, colon + 2), list, ", "); kept = "";
  for (i = 1; i <= n; i++) if (list[i] ~ /^(remote_ip|local_ip|key|peer)=/) kept = kept " " list[i];
  print line (colon == 0 ? text : substr(text, 1, colon - 1)) ")" kept }
  /^ *[^ ]+:$/
`);

/** Of a domain that libvirt runs: what names it and its interfaces. Passwords of its displays are in the same file. */
export const domainFilter = [
  "s/^<domstatus .* pid='\\([0-9]*\\)'.*/pid \\1/p",
  "s/^ *<name>\\(.*\\)<\\/name>$/name \\1/p",
  "s/^ *<uuid>\\(.*\\)<\\/uuid>$/uuid \\1/p",
  "/^ *<interface /,/^ *<\\/interface>/{s/^ *<interface .*/interface/p",
  "s/^ *<mac address='\\([^']*\\)'.*/mac \\1/p",
  "s/^ *<target dev='\\([^']*\\)'.*/device \\1/p",
  "s/^ *<model type='\\([^']*\\)'.*/model \\1/p",
  "s/^ *<alias name='\\([^']*\\)'.*/alias \\1/p;}",
].join(";");
