# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""An MTU of 9000 on every device: native XDP takes it, for its frames may come in several buffers,
and large datagrams and streams go through node ports and ClusterIPs both ways, by XDP and by tc."""
import os

from lab import addr, cluster_ip, echo
from objects import nodes, one

MODES = ("native", "off")
DEVICES = {"client": ("eth0",), "router": ("client", "n1", "n2", "br0"),
           "n1": ("eth0", "veth-p1", "veth-p2"), "n2": ("eth0", "veth-p1", "veth-p2"),
           "n1p1": ("eth0",), "n1p2": ("eth0",), "n2p1": ("eth0",), "n2p2": ("eth0",)}


def widen(t):
    for host, devices in DEVICES.items():
        for dev in devices:
            t.lab.run(host, "ip", "link", "set", dev, "mtu", "9000")


def datagrams(t, host, to, port):
    with t.lab.dial(host, to, port, "udp") as s:
        for size in (3000, 8900, 100, 8900):
            data = b"echo " + os.urandom(size - 5)

            def ask(data=data):
                s.send(data)
                return s.recv(65536) == data

            title = f"datagram of {size} bytes, {host} → {to} {port}"
            t.check(t.tries(ask, title), title, "other bytes")


def stream(t, host, to, port):
    data = os.urandom(2_000_000)
    title = f"stream, {host} → {to} {port}"

    def ask():
        with t.lab.dial(host, to, port, timeout=30) as s:
            return echo(s, data) == data

    t.check(t.tries(ask, title), title, "other bytes")


def run(t):
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"), *one("near", 91, "n1p1"))
    widen(t)
    # Attached anew it is as well: what was there may stem from a time of small frames.
    said = t.lab.sluice("n1", "attach", "eth0", "--xdp", t.mode).stdout
    t.check(f"XDP {t.mode}" in said, "attach", said)
    for family in (4, 6):
        node, far = addr("n1", family), cluster_ip(90, family)
        for host, to, port in (("client", node, 30090), ("client", node, 30091),
                               ("n1p1", far, 80), ("n1p2", cluster_ip(91, family), 80),
                               ("n1", far, 80)):
            datagrams(t, host, to, port)
            stream(t, host, to, port)
