# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""100 MB there and back again arrive byte for byte."""
import hashlib
import os

from lab import addr, cluster_ip, echo
from objects import nodes, one

SIZE = 100_000_000
PATHS = [
    ("client", addr("n1", 4), 30090, "node port to another node's pod, IPv4"),
    ("client", addr("n1", 6), 30091, "node port to this node's pod, IPv6"),
    ("n1p2", cluster_ip(90, 6), 80, "pod to ClusterIP, another node's pod, IPv6"),
    ("n1p2", cluster_ip(91, 4), 80, "pod to ClusterIP, this node's pod, IPv4"),
    ("n1", cluster_ip(90, 4), 80, "host to ClusterIP, another node's pod, IPv4"),
]


def run(t):
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"), *one("near", 91, "n1p1"))
    data = os.urandom(SIZE)
    want = hashlib.sha256(data).hexdigest()

    for host, to, port, title in PATHS:
        def transfer(host=host, to=to, port=port):
            with t.lab.dial(host, to, port, timeout=60) as s:
                return hashlib.sha256(echo(s, data)).hexdigest()

        got = t.tries(transfer, title)
        if got:
            t.equal(got, want, title + ": sha256")
