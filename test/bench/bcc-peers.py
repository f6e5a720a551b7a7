"""The peers of skbook's probes in BCC: `drops` by reason, site and device, `path` from one device to another, `stages` between them, `rtt` by
peer, `runq` by thread.

Arguments: which of them; for `drops` the IPv4 prefix that packets go to, where not all are looked at; for `path` and `stages` the two devices and
the two IPv4 addresses. Says "ready" once it is attached; when its standard input ends, it prints a JSON object: how often its programs ran and how long.
"""

import ctypes
import glob
import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys

# The headers need not be the running kernel's: what depends on it comes from its BTF.
own, common = (sorted(glob.glob(f"/usr/src/linux-headers-*-{part}"))[-1] for part in ["amd64", "common"])
os.environ["BCC_KERNEL_SOURCE"] = common
includes = [
    f"{own}/include",
    f"{own}/include/generated/uapi",
    f"{own}/arch/x86/include/generated",
    f"{own}/arch/x86/include/generated/uapi",
    f"{common}/include/uapi",
    f"{common}/arch/x86/include",
    f"{common}/arch/x86/include/uapi",
]
from bcc import BPF  # noqa: E402

DROPS = """
enum skb_drop_reason { NONE };
struct key { u64 location; u64 reason; char device[16]; };
BPF_HASH(counts, struct key, u64, 65536);
TRACEPOINT_PROBE(skb, kfree_skb) {
#ifdef TO_PREFIX
  char *head = 0;
  u16 offset = 0;
  u32 to = 0;
  if (args->protocol != 0x0800) return 0;
  bpf_probe_read_kernel(&head, sizeof(head), (char *)args->skbaddr + SKB_HEAD);
  bpf_probe_read_kernel(&offset, sizeof(offset), (char *)args->skbaddr + SKB_NETWORK_HEADER);
  bpf_probe_read_kernel(&to, sizeof(to), head + offset + 16);
  if ((to & TO_MASK) != TO_PREFIX) return 0;
#endif
  struct key key = {.location = (u64)args->location, .reason = args->reason};
  char *dev = 0;
  bpf_probe_read_kernel(&dev, sizeof(dev), (char *)args->skbaddr + SKB_DEV);
  if (dev) bpf_probe_read_kernel_str(key.device, sizeof(key.device), dev + DEV_NAME);
  counts.increment(key);
  return 0;
}
"""

PATH = """
struct ip { u8 version, tos; u16 length, id, part; u8 ttl, protocol; u16 checksum; u32 src, dst; u16 sport, dport; };
struct key { u32 src, dst; u16 sport, dport, id, part, length, filler; };
BPF_HASH(begun, struct key, u64, 16384);
BPF_HISTOGRAM(counts);
static __always_inline int read_key(char *skb, u64 name0, int received, struct key *key) {
  u64 name[2] = {};
  char *dev = 0, *net = 0;
  u16 offset = 0;
  struct ip ip = {};
  bpf_probe_read_kernel(&dev, sizeof(dev), skb + SKB_DEV);
  if (!dev) return 0;
  bpf_probe_read_kernel_str(name, sizeof(name), dev + DEV_NAME);
  if (name[0] != name0) return 0;
  bpf_probe_read_kernel(&net, sizeof(net), skb + (received ? SKB_DATA : SKB_HEAD));
  if (!received) bpf_probe_read_kernel(&offset, sizeof(offset), skb + SKB_NETWORK_HEADER);
  bpf_probe_read_kernel(&ip, sizeof(ip), net + offset);
  if (ip.version != 0x45 || ip.protocol != 17 || ip.src != FROM_ADDRESS || ip.dst != TO_ADDRESS) return 0;
  *key = (struct key){ip.src, ip.dst, ip.sport, ip.dport, ip.id, ip.part, ip.length, 0};
  return 1;
}
TRACEPOINT_PROBE(net, netif_receive_skb) {
  struct key key;
  u64 now = bpf_ktime_get_ns();
  if (read_key((char *)args->skbaddr, FROM_DEVICE, 1, &key)) begun.update(&key, &now);
  return 0;
}
TRACEPOINT_PROBE(net, net_dev_start_xmit) {
  struct key key;
  if (!read_key((char *)args->skbaddr, TO_DEVICE, 0, &key)) return 0;
  u64 *then = begun.lookup(&key);
  if (!then) return 0;
  counts.increment(bpf_log2l(bpf_ktime_get_ns() - *then));
  begun.delete(&key);
  return 0;
}
"""


RTT = """
struct peer { u64 version, high, low; };
struct key { struct peer peer; u64 slot; };
BPF_HASH(counts, struct key, u64, 65536);
BPF_HASH(totals, struct peer, u64, 65536);
TRACEPOINT_PROBE(tcp, tcp_probe) {
  u64 first = 0;
  struct key key = {.peer = {.version = 4}};
  bpf_probe_read_kernel(&first, sizeof(first), args->daddr);
  key.peer.low = first >> 32;
  if ((first & 0xffff) != 2) {
    key.peer.version = 6;
    bpf_probe_read_kernel(&key.peer.high, 16, (char *)args->daddr + 8);
  }
  u64 ns = args->srtt * 1000ULL;
  key.slot = bpf_log2l(ns);
  counts.increment(key);
  totals.increment(key.peer, ns);
  return 0;
}
"""

# The packet is known by the memory of its header, and its header has to be what it was.
STAGES = """
struct ip { u8 version, tos; u16 length, id, part; u8 ttl, protocol; u16 checksum; u32 src, dst; u16 sport, dport; };
struct on { u64 first, then, stage; u32 src, dst; u16 sport, dport, id, length; };
struct step { u32 pair, bucket; };
BPF_HASH(on, u64, struct on, 65536);
BPF_HASH(buckets, struct step, u64, 4096);
BPF_HASH(sums, u32, u64, 1024);
static __always_inline u64 side_of(char *skb) {
  u64 name[2] = {};
  char *dev = 0;
  bpf_probe_read_kernel(&dev, sizeof(dev), skb + SKB_DEV);
  if (dev) bpf_probe_read_kernel_str(name, sizeof(name), dev + DEV_NAME);
  return name[0] == FROM_DEVICE ? 1 : name[0] == TO_DEVICE ? 2 : 0;
}
static __always_inline void add(u32 pair, u64 ns) {
  struct step step = {pair, bpf_log2l(ns)};
  buckets.increment(step);
  sums.increment(pair, ns);
}
static __always_inline char *head_of(char *skb) {
  char *head = 0;
  bpf_probe_read_kernel(&head, sizeof(head), skb + SKB_HEAD);
  return head;
}
static __always_inline int follow(char *skb, char *head, u64 stage, int last) {
  u64 key = (u64)head;
  struct on *at = on.lookup(&key);
  if (!at) return 0;
  struct ip ip = {};
  u16 offset = 0;
  bpf_probe_read_kernel(&offset, sizeof(offset), skb + SKB_NETWORK_HEADER);
  bpf_probe_read_kernel(&ip, sizeof(ip), head + offset);
  if (ip.src != at->src || ip.dst != at->dst || ip.id != at->id || ip.sport != at->sport || ip.dport != at->dport) return 0;
  u64 now = bpf_ktime_get_ns();
  add(at->stage << 5 | stage, now - at->then);
  if (last) {
    add(1023, now - at->first);
    on.delete(&key);
  } else {
    at->then = now;
    at->stage = stage;
  }
  return 1;
}
static __always_inline int start(char *skb, char *head, u64 stage) {
  u64 key = (u64)head;
  struct ip ip = {};
  char *net = 0;
  bpf_probe_read_kernel(&net, sizeof(net), skb + SKB_DATA);
  bpf_probe_read_kernel(&ip, sizeof(ip), net);
  if (ip.version != 0x45 || ip.protocol != 17 || ip.src != FROM_ADDRESS || ip.dst != TO_ADDRESS) return 0;
  u64 now = bpf_ktime_get_ns();
  struct on at = {now, now, stage, ip.src, ip.dst, ip.sport, ip.dport, ip.id, ip.length};
  on.update(&key, &at);
  return 0;
}
TRACEPOINT_PROBE(net, netif_rx) {
  char *skb = (char *)args->skbaddr, *head = head_of(skb);
  return side_of(skb) == 1 ? start(skb, head, 1) : follow(skb, head, 1, 0);
}
TRACEPOINT_PROBE(net, netif_receive_skb) {
  char *skb = (char *)args->skbaddr, *head = head_of(skb);
  if (follow(skb, head, 2, 0) || side_of(skb) != 1) return 0;
  return start(skb, head, 2);
}
TRACEPOINT_PROBE(net, net_dev_queue) {
  char *skb = (char *)args->skbaddr;
  follow(skb, head_of(skb), side_of(skb) == 2 ? 4 : 3, 0);
  return 0;
}
TRACEPOINT_PROBE(net, net_dev_start_xmit) {
  char *skb = (char *)args->skbaddr;
  follow(skb, head_of(skb), 5, side_of(skb) == 2);
  return 0;
}
"""

RUNQ = """
#include <linux/sched.h>
struct key { u64 thread, slot; };
BPF_HASH(queued, u32, u64, 65536);
BPF_HASH(counts, struct key, u64, 65536);
BPF_HASH(totals, u32, u64, 65536);
static __always_inline int enqueue(u32 thread) {
  u64 now = bpf_ktime_get_ns();
  if (thread) queued.update(&thread, &now);
  return 0;
}
TRACEPOINT_PROBE(sched, sched_wakeup) { return enqueue(args->pid); }
TRACEPOINT_PROBE(sched, sched_wakeup_new) { return enqueue(args->pid); }
TRACEPOINT_PROBE(sched, sched_switch) {
  if ((args->prev_state & 0xff) == 0) enqueue(args->prev_pid);
  u32 thread = args->next_pid;
  u64 *then = queued.lookup(&thread);
  if (!then) return 0;
  u64 ns = bpf_ktime_get_ns() - *then;
  struct key key = {thread, bpf_log2l(ns)};
  counts.increment(key);
  totals.increment(thread, ns);
  queued.delete(&thread);
  return 0;
}
"""


def offsets():
    """Of the fields that the programs read, in bytes."""
    dump = subprocess.run(
        ["bpftool", "-j", "btf", "dump", "file", "/sys/kernel/btf/vmlinux"], check=True, capture_output=True
    )
    types = {one["id"]: one for one in json.loads(dump.stdout)["types"]}

    def bits(members, field):
        for member in members:
            if member["name"] == field:
                return member["bits_offset"]
            inner = types[member["type_id"]].get("members") if member["name"] == "(anon)" else None
            found = bits(inner, field) if inner else None
            if found is not None:
                return member["bits_offset"] + found
        return None

    def offset(name, field):
        kinds = (one for one in types.values() if one["kind"] == "STRUCT" and one["name"] == name)
        return bits(next(kinds)["members"], field) // 8

    fields = ["dev", "head", "data", "network_header"]
    return {f"SKB_{field.upper()}": offset("sk_buff", field) for field in fields} | {
        "DEV_NAME": offset("net_device", "name")
    }


def costs():
    """What all programs of this process have cost, by the kernel's statistics."""
    programs = {}
    for path in glob.glob("/proc/self/fdinfo/*"):
        try:
            with open(path, encoding="ascii") as file:
                facts = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        except OSError:
            continue
        if "prog_id" in facts:
            programs[facts["prog_id"]] = (int(facts["run_cnt"]), int(facts["run_time_ns"]))
    return {"runs": sum(runs for runs, _ in programs.values()), "ns": sum(ns for _, ns in programs.values())}


def keep_statistics():
    """bpf(BPF_ENABLE_STATS): they are kept until this process ends."""
    number = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
    if ctypes.CDLL(None).syscall(number, 32, ctypes.create_string_buffer(128), 128) < 0:
        sys.exit("the kernel keeps no statistics of BPF programs")


which, *rest = sys.argv[1:]
macros = offsets()
if which == "drops" and rest:
    network = ipaddress.ip_network(rest[0])
    masks = {"TO_PREFIX": network.network_address, "TO_MASK": network.netmask}
    macros |= {name: f"{struct.unpack('<I', address.packed)[0]}U" for name, address in masks.items()}
if which in ("path", "stages"):
    words = [struct.unpack("<Q", name.encode().ljust(8, b"\0")[:8])[0] for name in rest[:2]]
    addresses = [struct.unpack("<I", socket.inet_aton(address))[0] for address in rest[2:]]
    macros |= dict(zip(["FROM_DEVICE", "TO_DEVICE"], [f"{word}ULL" for word in words]))
    macros |= dict(zip(["FROM_ADDRESS", "TO_ADDRESS"], [f"{word}U" for word in addresses]))
flags = [f"-I{folder}" for folder in includes] + [f"-D{name}={value}" for name, value in macros.items()]
bpf = BPF(text={"drops": DROPS, "path": PATH, "rtt": RTT, "stages": STAGES, "runq": RUNQ}[which], cflags=flags)
keep_statistics()
print("ready", flush=True)
sys.stdin.read()
print(json.dumps(costs()))
