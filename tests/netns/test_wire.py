# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Packets as they arrive: source address and TTL at the backend and of the reply at the client
are those that the kernel's own NAT and forwarding would leave."""
import ipaddress
import socket
import struct
import time

from bench import BENCH
from lab import SILENCE, TIMEOUT, addr, cluster_ip
from objects import nodes, one, pod, service

# from, to (None: ClusterIP), service, backend, source seen, TTL there, TTL of the reply or None
ROWS = [
    ("client", "n1", 90, "n2p1", "n1", 61, 61),
    ("client", "n1", 91, "n1p1", "n1", 62, 62),
    ("client", "n1", 92, "n1p1", "client", 62, 62),
    ("client", "n2", 90, "n2p1", "n2", 62, 62),
    ("n1p1", None, 90, "n2p1", "n1p1", 62, 62),
    ("n1p2", None, 91, "n1p1", "n1p2", 63, 63),
    ("n1p1", None, 91, "n1p1", "n1", 63, 63),
    ("n1p1", "n1", 90, "n2p1", "n1", 62, 62),
    ("n1p1", "n2", 90, "n2p1", "n2", 62, 62),
    ("n1", None, 90, "n2p1", "n1", 63, None),
    ("n1", None, 91, "n1p1", "n1", 64, None),
    ("n1", "n1", 90, "n2p1", "n1", 63, None),
]


def parse(packet):
    """(source, destination, TTL, source port, destination port, payload) of TCP or UDP."""
    if packet[0] >> 4 == 4:
        src, dst, ttl, proto = packet[12:16], packet[16:20], packet[8], packet[9]
        l4 = packet[(packet[0] & 15) * 4:struct.unpack("!H", packet[2:4])[0]]
    else:
        src, dst, ttl, proto = packet[8:24], packet[24:40], packet[7], packet[6]
        l4 = packet[40:]
    if proto not in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
        return None
    sport, dport = struct.unpack("!HH", l4[:4])
    size = 8 if proto == socket.IPPROTO_UDP else (l4[12] >> 4) * 4
    return (str(ipaddress.ip_address(src)), str(ipaddress.ip_address(dst)), ttl, sport, dport,
            l4[size:])


def sniff(sniffer, wanted, timeout=TIMEOUT):
    """The first packet for which wanted(parsed) holds, or None."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            packet = sniffer.recv(65536)
        except TimeoutError:
            continue
        if packet and packet[0] >> 4 in (4, 6):
            parsed = parse(packet)
            if parsed and wanted(parsed):
                return parsed
    return None


def path(t, row, family, proto):
    source, via, n, backend, seen, ttl, reply_ttl = row
    to, port = (addr(via, family), 30000 + n) if via else (cluster_ip(n, family), 80)
    title = f"{source} → {via or 'ClusterIP'} {n} → {backend} {proto}{family}"
    there, here = t.lab.sniffer(backend), t.lab.sniffer(source)
    with there, here:
        if not t.tries(lambda: t.lab.ask(source, to, port, proto), title):
            return
        got = sniff(there, lambda p: p[1] == addr(backend, family) and p[4] == 8080)
        if t.check(got, title, "not seen at the backend"):
            t.equal(got[0], addr(seen, family), title + ": source")
            t.equal(got[2], ttl, title + ": TTL")
        if reply_ttl:
            got = sniff(here, lambda p: p[0] == to and p[3] == port)
            if t.check(got, title, "reply not seen"):
                t.equal(got[2], reply_ttl, title + ": TTL of the reply")


def short_lived(t, family, ttl, arrives):
    """A datagram that has hops left for @arrives (TTL at the backend), or for less than that."""
    level, option = ((socket.IPPROTO_IP, socket.IP_TTL) if family == 4 else
                     (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS))
    got = []

    def seen():
        with t.lab.sniffer("n2p1") as there, \
                t.lab.dial("client", addr("n1", family), 30090, "udp") as s:
            s.setsockopt(level, option, ttl)
            s.send(b"who")
            packet = sniff(there, lambda p: p[4] == 8080 and p[1] == addr("n2p1", family),
                           TIMEOUT if arrives else SILENCE)
        got.append(packet and packet[2])
        return got[-1] == arrives

    BENCH.fair_check(seen)
    t.equal(got[-1], arrives, f"TTL {ttl} from the client, IPv{family}: TTL at the pod")


def run(t):
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"), *one("near", 91, "n1p1"),
                service("local", 92, {"app": "local"}, externalTrafficPolicy="Local"),
                pod("n1p1", name="local-n1p1", app="local"))
    for row in ROWS:
        for family in (4, 6):
            for proto in ("tcp", "udp"):
                path(t, row, family, proto)
    for family in (4, 6):
        short_lived(t, family, 2, None)     # ends at n1
        short_lived(t, family, 3, None)     # ends at n2
        short_lived(t, family, 4, 1)
