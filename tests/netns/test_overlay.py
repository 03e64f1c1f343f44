# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Pods of the other node are behind a vxlan device, as flannel makes it: an address of its own,
neighbours and forwarding entries set by hand, an MTU that leaves room for the outer headers. The
router between the nodes knows no way to pods. The device is attached as a workload device; it has
no XDP, so a node port's packets take tc there."""
import contextlib
import ipaddress
import os

from lab import addr, cluster_ip, echo
from objects import nodes, one

MODES = ("native", "off")
ICMPV6 = 58
MTU = 1430      # 70 bytes of outer headers over IPv6, 50 over IPv4


def vtep(n, family):
    return f"10.244.{n}.0" if family == 4 else f"fd00:10:244:{n}::"


def mac(n):
    return f"02:00:00:00:0a:0{n}"


def overlay_up(t):
    for n, o in ((1, 2), (2, 1)):
        t.lab.run(f"n{n}", "sh", "-ec", f"""
            ip link add flannel.1 address {mac(n)} mtu {MTU} type vxlan id 1 dstport 8472 \\
                local {addr(f"n{n}", 4)} dev eth0 nolearning
            ip addr add {vtep(n, 4)}/32 dev flannel.1
            ip addr add {vtep(n, 6)}/128 dev flannel.1 nodad
            ip link set flannel.1 up
            bridge fdb append {mac(o)} dev flannel.1 dst {addr(f"n{o}", 4)}
            ip neigh replace {vtep(o, 4)} lladdr {mac(o)} dev flannel.1 nud permanent
            ip neigh replace {vtep(o, 6)} lladdr {mac(o)} dev flannel.1 nud permanent
            ip route replace 10.244.{o}.0/24 via {vtep(o, 4)} dev flannel.1 onlink
            ip -6 route add {vtep(o, 6)}/128 dev flannel.1
            ip -6 route replace fd00:10:244:{o}::/64 via {vtep(o, 6)} dev flannel.1""")
        t.lab.sluice(f"n{n}", "attach", "--workload", "flannel.1")


# Who dials what, who must answer, and whom the backend must see: where the way leads into the
# overlay, the address of the node there, so that the answer comes back by it.
ROWS = [
    ("n1p1", None, 90, "n2p1", addr("n1p1", 4), addr("n1p1", 6)),
    ("n2p2", None, 91, "n1p1", addr("n2p2", 4), addr("n2p2", 6)),
    ("n1p1", None, 91, "n1p1", addr("n1", 4), addr("n1", 6)),
    ("n1p1", "n1", 90, "n2p1", vtep(1, 4), vtep(1, 6)),
    ("client", "n1", 90, "n2p1", vtep(1, 4), vtep(1, 6)),
    ("client", "n1", 91, "n1p1", addr("n1", 4), addr("n1", 6)),
    ("client", "n2", 91, "n1p1", vtep(2, 4), vtep(2, 6)),
    ("n1", None, 90, "n2p1", vtep(1, 4), vtep(1, 6)),
    ("n1", "n1", 90, "n2p1", vtep(1, 4), vtep(1, 6)),
    ("n1", None, 91, "n1p1", addr("n1", 4), addr("n1", 6)),
]


def ask(t, family, row):
    host, via, n, backend, *seen = row
    to, port = (addr(via, family), 30000 + n) if via else (cluster_ip(n, family), 80)
    for proto in ("tcp", "udp"):
        title = f"{host} → {via or 'ClusterIP'} {n} → {backend} {proto}{family}"
        got = t.tries(lambda: t.lab.ask(host, to, port, proto), title)
        if got:
            t.equal((got[0], got[1]), (backend, seen[family == 6]), title)


def packets(wire):
    """The IP packets that went by, without what neighbours say to each other now and then."""
    ret = []
    with contextlib.suppress(TimeoutError):
        while True:
            packet = wire.recv(2048)
            if packet[0] >> 4 == 4 or (packet[0] >> 4 == 6 and packet[6] != ICMPV6):
                ret.append(packet)
    return ret


def is_vxlan(packet):
    return packet[0] == 0x45 and packet[9] == 17 and packet[22:24] == (8472).to_bytes(2, "big")


def bulk(t, host, to, port):
    data = os.urandom(300_000)
    title = f"bulk, {host} → {to} {port}"

    def there_and_back():
        with t.lab.dial(host, to, port, timeout=30) as s:
            return echo(s, data) == data

    t.check(t.tries(there_and_back, title), title, "other bytes")


def run(t):
    overlay_up(t)
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"), *one("near", 91, "n1p1"))
    for family in (4, 6):
        for row in ROWS:
            ask(t, family, row)
        with t.lab.sniffer("router", "n1") as wire:
            t.tries(lambda: t.lab.ask("n1p1", cluster_ip(90, family), 80, "udp"), "one more")
            seen = [p for p in packets(wire)
                    if ipaddress.ip_address(addr("client", family)).packed not in p]
            t.check(seen and all(is_vxlan(p) for p in seen),
                    f"between nodes there is vxlan only, IPv{family}", [p.hex() for p in seen])
        for host, to, port in (("n1p1", cluster_ip(90, family), 80),
                               ("n1", cluster_ip(90, family), 80),
                               ("client", addr("n1", family), 30090)):
            bulk(t, host, to, port)
