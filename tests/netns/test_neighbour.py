# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""With all neighbours forgotten, the first packet arrives all the same."""
import time

from bench import BENCH
from lab import addr, cluster_ip
from objects import nodes, one

HOSTS = ("client", "router", "n1", "n2", "n1p1", "n1p2", "n2p1")
PATHS = [("client", "n1", 90), ("client", "n1", 91), ("n1p2", None, 90), ("n1p2", None, 91),
         ("n1", None, 90), ("n1", None, 91), ("n1", "n1", 90)]


def forget(t):
    for host in HOSTS:
        t.lab.run(host, "ip", "neigh", "flush", "all")


def run(t):
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"), *one("near", 91, "n1p1"))
    for host, via, n in PATHS:
        for family in (4, 6):
            to, port = (addr(via, family), 30000 + n) if via else (cluster_ip(n, family), 80)
            for proto in ("tcp", "udp"):
                title = f"{host} → {via or 'ClusterIP'} {n} {proto}{family}"
                took = []

                def at_once(took=took):
                    forget(t)
                    begin = time.monotonic()
                    t.lab.ask_once(host, to, port, proto)
                    took.append(time.monotonic() - begin)
                    return took[-1] < 0.9

                held = t.tries(lambda: BENCH.fair_check(at_once), title + ": new flow")
                t.check(held, title + ": without a retransmission", f"{took} s")
            with t.lab.dial(host, to, port, "udp") as s:
                for i in range(3):      # the next hop is cached by now
                    s.send(b"who")
                    t.tries(lambda: s.recv(100), f"{title}: packet {i} of an old flow")
                    forget(t)
