# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""SCTP packets through ClusterIP, node port and VIP, with ports that change and with hairpin: made
and answered on raw sockets, so that no kernel here needs to know SCTP; nor does sluice make it
learn it."""
import pathlib
import socket
import struct
import threading

from lab import TIMEOUT, addr, cluster_ip, inside
from objects import nodes, one

MODES = ("native", "off")
PROTO = 132
VIP = {4: "198.51.100.82", 6: "2001:db8:51::82"}
POLY = 0x82F63B78


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (POLY if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def build(sport, dport, payload):
    packet = bytearray(struct.pack("!HHII", sport, dport, 0x5C7B0001, 0) + payload)
    struct.pack_into("<I", packet, 8, crc32c(packet))
    return bytes(packet)


def take(packet, family):
    """(source port, destination port, payload) if the checksum is right."""
    if family == 4:     # raw IPv4 sockets receive the IP header too
        packet = packet[(packet[0] & 15) * 4:]
    sport, dport, _, check = struct.unpack_from("!HHII", packet)
    bare = packet[:8] + bytes(4) + packet[12:]
    if struct.pack("<I", crc32c(bare)) != struct.pack("!I", check):
        raise ValueError("wrong checksum")
    return sport, dport, packet[12:]


def raw(t, host, family):
    s = t.lab.socket(host, socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_RAW,
                     PROTO)
    s.settimeout(TIMEOUT)
    return s


class Echo:
    """Answers every good packet at the port, until the end of the with block."""

    def __init__(self, t, host, family, port):
        self.family, self.port = family, port
        self.sock, self.seen = raw(t, host, family), []
        self.sock.settimeout(0.1)
        self.stop = False
        self.thread = threading.Thread(target=self.serve)

    def serve(self):
        while not self.stop:
            try:
                packet, peer = self.sock.recvfrom(70000)
                sport, dport, payload = take(packet, self.family)
            except (TimeoutError, ValueError):
                continue
            if dport != self.port or not payload.startswith(b"ask"):
                continue
            self.seen.append((peer[0], sport))
            self.sock.sendto(build(dport, sport, b"told" + payload), (peer[0], 0))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop = True
        self.thread.join()
        self.sock.close()


def ask(t, host, to, dport, family, size):
    payload = b"ask" + bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    with raw(t, host, family) as s:
        with inside(f"{t.lab.name}-{host}"):
            s.connect((to, 0))
        for sport in (2905, 40001):
            s.send(build(sport, dport, payload))
            while True:
                got = take(s.recv(70000), family)
                if got[2].startswith(b"told"):
                    break
            if got != (dport, sport, b"told" + payload):
                return False
    return True


def run(t):
    before = pathlib.Path("/sys/module/sctp").exists()
    services = []
    for name, n, host in (("far", 95, "n2p1"), ("near", 96, "n1p1")):
        svc, pod = one(name, n, host)
        svc["spec"]["ports"] = [{"protocol": "SCTP", "port": 2905, "targetPort": 3905,
                                 "nodePort": 30000 + n}]
        svc["spec"]["externalIPs"] = list(VIP.values()) if name == "far" else []
        services += [svc, pod]
    t.lab.apply(*nodes(), *services, nodes=["n2"])
    said = t.lab.warnings("n1", *nodes(), *services)
    t.equal(said, "", "apply does not warn")
    for family in (4, 6):
        for host, n in (("n2p1", 95), ("n1p1", 96)):
            with Echo(t, host, family, 3905) as server:
                for who, to, port in (("client", addr("n1", family), 30000 + n),
                                      ("n1p2", cluster_ip(n, family), 2905),
                                      (host, cluster_ip(n, family), 2905)):
                    for size in (20, 1200):
                        t.check(t.tries(lambda w=who, a=to, p=port, z=size:
                                        ask(t, w, a, p, family, z),
                                        f"{who} to {host} by {to}, {size} bytes"),
                                f"{who} gets its answer from {host}, IPv{family}, {size} bytes")
                if host == "n2p1":
                    t.check(t.tries(lambda: ask(t, "n1p2", VIP[family], 2905, family, 64),
                                    "by external IP"), f"external IP, IPv{family}")
                t.check(server.seen, f"{host} was asked")
    used = t.lab.service_stats("n1", "far", "")
    t.check(used["packetsIn"] > 0 and used["packetsOut"] > 0, "counted", used)
    t.check(not pathlib.Path("/sys/module/sctp").exists() or before, "no module was loaded")
