# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""IPv4 datagrams that may be fragmented, and must be: n1's ways to the other node's pods and to the
client are narrow. They arrive whole, requests and answers alike."""
import socket
import time

from lab import TIMEOUT, addr, cluster_ip
from objects import nodes, pod, service

MODES = ("native", "off")
NARROW = 1300
SIZE = 1400
PORT = 8090
VIP = "198.51.100.5"
# linux/in.h
IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0


def datagram_socket(t, host, port=0):
    s = t.lab.socket(host, socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    s.settimeout(TIMEOUT)
    s.bind(("0.0.0.0", port))
    return s


def one(name, n, host, **spec):
    return [service(name, n, {"only": name}, target=PORT, **spec),
            pod(host, name=f"{name}-{host}", only=name)]


def narrow_ways(t):
    t.lab.run("n1", "sh", "-ec", f"""
        ip route replace 10.244.2.0/24 via {addr("n2", 4)} mtu lock {NARROW}
        ip route replace 203.0.113.0/24 via {addr("router", 4)} mtu lock {NARROW}""")
    t.lab.run("router", "ip", "route", "add", VIP, "via", addr("n1", 4))


def lengths(sniffer, seconds=0.3):
    """Of the IPv4 packets of UDP that were seen, fragments too."""
    got = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            packet = sniffer.recv(65536)
        except TimeoutError:
            break
        if packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_UDP:
            got.append(int.from_bytes(packet[2:4], "big"))
    return got


def there_and_back(t, host, to, port, server):
    """A new flow, then a packet of an established one."""
    title = f"{host} → {to} {port}"
    with datagram_socket(t, host) as s:
        s.connect((to, port))
        for i in range(3):
            data = bytes([i]) * SIZE

            def ask(data=data):
                s.send(data)
                got, peer = server.recvfrom(65536)
                server.sendto(got[::-1], peer)
                return got == data and s.recv(65536) == data[::-1]

            t.check(t.tries(ask, f"{title}: datagram {i}"), f"{title}: datagram {i}", "other bytes")


def run(t):
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"), *one("near", 91, "n1p1"),
                *one("local", 92, "n1p1", externalTrafficPolicy="Local", externalIPs=[VIP]))
    narrow_ways(t)
    far, near = (datagram_socket(t, host, PORT) for host in ("n2p1", "n1p1"))
    with far, near:
        with t.lab.sniffer("router", "n1") as wire:
            there_and_back(t, "client", addr("n1", 4), 30090, far)
            seen = lengths(wire)
            t.check(any(n < 200 for n in seen), "fragments are on the wire", seen)
        there_and_back(t, "client", addr("n1", 4), 30091, near)
        there_and_back(t, "client", VIP, 80, near)
        there_and_back(t, "n1p1", cluster_ip(90, 4), 80, far)
        there_and_back(t, "n1", cluster_ip(90, 4), 80, far)
        there_and_back(t, "n1", addr("n1", 4), 30090, far)
    drops = t.lab.sluice_json("n1", "stats")["drops"]
    t.equal({k: v for k, v in drops.items() if v}, {}, "packets that n1 dropped")
