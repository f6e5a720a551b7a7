/** What begins every datagram of a stream: the stream's own number, so that no other traffic is counted, then the sequence number. */
const format = "!QI";
/** Sequence number of the datagrams that say that the stream is over. */
const last = "0xffffffff";

/**
 * Receives a stream (Python 3). Arguments: address, port, stream, seconds that it waits at most. Says `ready`, then what came, as JSON. The
 * kernel tells how many datagrams found the socket's buffer full (SO_RXQ_OVFL). Reordered by RFC 4737: behind one with a higher number.
 */
export const receiver = `
import json, socket, struct, sys, time
address, port, stream, patience = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
s.setsockopt(socket.SOL_SOCKET, 40, 1)
s.bind((address, port))
print("ready", flush=True)
seen, received, duplicates, reordered, highest, overflow, foreign = set(), 0, 0, 0, -1, 0, 0
end = time.monotonic() + patience
while True:
    left = end - time.monotonic()
    if left <= 0: break
    s.settimeout(left)
    try: data, extra, _, _ = s.recvmsg(65536, 64)
    except socket.timeout: break
    for level, kind, value in extra:
        if (level, kind) == (socket.SOL_SOCKET, 40): overflow = struct.unpack("I", value)[0]
    number = struct.unpack("${format}", data[:12]) if len(data) >= 12 else (None, 0)
    if number[0] != stream: foreign += 1; continue
    if number[1] == ${last}: end = min(end, time.monotonic() + 0.5); continue
    received += 1
    if number[1] in seen: duplicates += 1; continue
    seen.add(number[1])
    if number[1] < highest: reordered += 1
    highest = max(highest, number[1])
print(json.dumps({"received": received, "distinct": len(seen), "duplicates": duplicates, "reordered": reordered, "overflow": overflow, "foreign": foreign}))
`;

/**
 * Sends a stream (Python 3). Arguments: address, port, stream, datagrams, datagrams a second, bytes each. It keeps to its times: where it was held up,
 * it catches up by 10 ms at most. Says `ready`, then what it sent, and how many the kernel refused (ENOBUFS and the like), as JSON.
 */
export const sender = `
import json, socket, struct, sys, time
address, port, stream, count, rate, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6])
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
s.connect((address, port))
print("ready", flush=True)
sent, refused, unreachable = 0, 0, 0
began = due = time.monotonic()
for number in range(count):
    now = time.monotonic()
    if due > now: time.sleep(due - now)
    due = max(due + 1 / rate, now - 0.01)
    data = struct.pack("${format}", stream, number).ljust(size, b"\\0")
    for attempt in (1, 2):
        try:
            s.send(data); sent += 1; break
        except ConnectionRefusedError:
            unreachable += 1
        except OSError:
            refused += 1; break
seconds = time.monotonic() - began
for _ in range(5):
    time.sleep(0.05)
    try: s.send(struct.pack("${format}", stream, ${last}))
    except OSError: pass
print(json.dumps({"sent": sent, "refused": refused, "unreachable": unreachable, "seconds": seconds}))
`;
