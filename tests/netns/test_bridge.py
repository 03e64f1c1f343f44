# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Pods as ports of a bridge, their gateway an address of the bridge, on n1; n2's stay routed. The
ports are workload devices, and the bridge is none: what pods of one bridge say to each other does
not go through it."""
import os

from lab import addr, cluster_ip, echo
from objects import nodes, one

MODES = ("native", "off")
GATEWAY = {4: "10.244.1.1", 6: "fd00:10:244:1::1"}


def bridge_up(t):
    t.lab.run("n1", "sh", "-ec", f"""
        ip link add cni0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
        for p in veth-p1 veth-p2; do ip link set $p master cni0; done
        for p in 10 11; do ip route del 10.244.1.$p; ip -6 route del fd00:10:244:1::$p; done
        ip addr add {GATEWAY[4]}/24 dev cni0
        ip addr add {GATEWAY[6]}/64 dev cni0 nodad
        ip link set cni0 up""")
    for pod in ("n1p1", "n1p2"):
        t.lab.run(pod, "sh", "-ec", f"""
            ip addr flush dev eth0 scope global
            ip addr add {addr(pod, 4)}/24 dev eth0
            ip addr add {addr(pod, 6)}/64 dev eth0 nodad
            ip route replace default via {GATEWAY[4]} dev eth0
            ip -6 route replace default via {GATEWAY[6]} dev eth0""")


def asks(t, family, rows):
    """Each row: who dials what, who must answer, and whom the backend must see."""
    for host, via, n, backend, seen in rows:
        to, port = (addr(via, family), 30000 + n) if via else (cluster_ip(n, family), 80)
        for proto in ("tcp", "udp"):
            title = f"{host} → {via or 'ClusterIP'} {n} → {backend} {proto}{family}"
            got = t.tries(lambda: t.lab.ask(host, to, port, proto), title)
            if got:
                t.equal((got[0], got[1]), (backend, addr(seen, family)), title)


ROWS = [
    ("n1p1", None, 91, "n1p2", "n1p1"),         # the pod next door
    ("n1p1", None, 92, "n1p1", "n1"),           # itself
    ("n1p1", None, 90, "n2p1", "n1p1"),         # a pod of the other node
    ("n2p1", None, 91, "n1p2", "n2p1"),         # and the other way
    ("n1p1", None, 93, "n1", "n1p1"),           # a socket of the host
    ("n1p1", "n1", 91, "n1p2", "n1"),
    ("client", "n1", 91, "n1p2", "n1"),
    ("client", "n2", 91, "n1p2", "n2"),
    ("client", "n1", 90, "n2p1", "n1"),
    ("n1", None, 91, "n1p2", "n1"),
    ("n1", "n1", 91, "n1p2", "n1"),
]


def bulk(t, family):
    for host, to, port in (("n1p1", cluster_ip(91, family), 80), ("n1p1", cluster_ip(92, family), 80),
                           ("n1p1", cluster_ip(90, family), 80), ("client", addr("n1", family), 30091)):
        data = os.urandom(400_000)

        def there_and_back():
            with t.lab.dial(host, to, port, timeout=30) as s:
                return echo(s, data) == data

        title = f"bulk, {host} → {to} {port}"
        t.check(t.tries(there_and_back, title), title, "other bytes")


def run(t):
    bridge_up(t)
    note = t.lab.sluice("n1", "attach", "--workload", "cni0").stdout
    t.check("attach its ports instead" in note, "a bridge is attached with a word of advice", note)
    t.lab.sluice("n1", "detach", "cni0")
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"), *one("next", 91, "n1p2"), *one("self", 92, "n1p1"),
                *one("host", 93, "n1"))
    for family in (4, 6):
        asks(t, family, ROWS)
        bulk(t, family)
