#!/usr/bin/python3
"""Makes what the scenes of drop rules need beside the lab's traffic: `play PROGRAM ...`."""
import socket
import struct
import sys
import time
from importlib.machinery import SourceFileLoader

traffic = SourceFileLoader("traffic", "/mnt/traffic").load_module()
SO_ATTACH_FILTER = 26
RESET = struct.pack("ii", 1, 0)


def frames(device, mac, ether_type, count):
    """Sends frames of an EtherType."""
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    one.bind((device, 0))
    header = bytes.fromhex(mac.replace(":", "")) + bytes.fromhex("020000000042") + int(ether_type, 16).to_bytes(2, "big")
    for _ in range(int(count)):
        one.send(header + b"." * 46)


def packets(device, mac, source, destination, count, ttl=64):
    """Sends UDP datagrams of any addresses from the DHCP client's port to the server's."""
    one = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
    data = struct.pack("!HHHH", 68, 67, 8 + 240, 0) + b"\1" + b"." * 239
    for number in range(1, int(count) + 1):
        packet = bytearray(traffic.ip(source, destination, 17, data, number))
        packet[8] = int(ttl)
        packet[10:12] = struct.pack("!H", traffic.checksum(packet[:20]))
        one.sendto(bytes(packet), (device, 0x0800, 0, 0, bytes.fromhex(mac.replace(":", ""))))


def cast(address, port, count, device):
    """Sends datagrams to a group or to all."""
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    for _ in range(int(count)):
        one.sendto(b"hello", (address, int(port)))


def member(group, address, seconds):
    """Is a member of a group for some seconds."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(address))
    time.sleep(float(seconds))


def choosy(port):
    """A socket whose filter refuses everything."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    code = (struct.pack("HBBI", 0x06, 0, 0, 0),)
    import ctypes

    buffer = ctypes.create_string_buffer(b"".join(code))
    one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(code), ctypes.addressof(buffer)))
    one.bind(("", int(port)))
    traffic.wait_forever()


def unread(port):
    """Takes datagrams, and never reads them, for two seconds."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("", int(port)))
    time.sleep(2)


def local():
    """Closes a local socket that has unread messages."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for _ in range(20):
        one.send(b"hello")
    other.close()
    one.close()


def raw():
    """A raw socket that gets all ICMP messages."""
    one = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    while True:
        one.recv(65536)


def serve(port, how):
    """Takes connections: `answer`s and waits for their end, answers and `end`s them, `close`s without reading, or `never` accepts."""
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("", int(port)))
    one.listen(1 if how == "never" else 1024)
    if how == "never":
        traffic.wait_forever()
    while True:
        peer, _ = one.accept()
        try:
            if how == "close":
                time.sleep(0.02)
            else:
                peer.sendall(b"answer" + peer.recv(1 << 16))
            while how == "answer" and peer.recv(1 << 16):
                pass
        except OSError:
            pass
        peer.close()


def ask(address, port, count, how="close"):
    """Opens connections, one after the other: asks, reads the answer and closes, or resets, or goes on sending whatever comes."""
    for _ in range(int(count)):
        one = socket.create_connection((address, int(port)), 5)
        try:
            one.sendall(b"question")
            if how == "insist":
                for _ in range(5):
                    time.sleep(0.02)
                    one.sendall(b"and another")
            one.recv(1 << 16)
        except OSError:
            pass
        if how == "reset":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        one.close()


def knock(address, port, count):
    """Begins connections all at once, waits a while, and gives them up."""
    all = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(int(count))]
    for one in all:
        one.setblocking(False)
        one.connect_ex((address, int(port)))
        time.sleep(0.01)
    time.sleep(1)


def echo(port):
    """Answers datagrams."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("", int(port)))
    while True:
        data, peer = one.recvfrom(65536)
        one.sendto(data, peer)


def question(address, port, count):
    """Asks an echo over UDP."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.connect((address, int(port)))
    one.settimeout(5)
    for _ in range(int(count)):
        one.send(b"question")
        one.recv(65536)


def bulk(address, port, megabytes):
    """Sends data over one connection, and ends it."""
    one = socket.create_connection((address, int(port)), 5)
    for _ in range(int(megabytes)):
        one.sendall(bytes(1 << 20))
    one.shutdown(socket.SHUT_WR)
    one.recv(1)
    one.close()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
