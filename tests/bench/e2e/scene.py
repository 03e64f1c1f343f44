# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The places of the packet benchmark: a node with a client and another node on wires of their
own, and two pods. Each rival has its own, built and loaded once, so that taking turns costs
nothing.

    client eth0 --- c0 node b0 --- eth0 back       198.18.0.0/15, 10.244.2.0/24
    pod    eth0 --- p0 node s0 --- eth0 server     10.244.1.20, 10.244.1.8-11
"""
import contextlib

from rivals import Node, Rival, Service
from world import World

NODE = "192.168.1.1"
CLIENT = "198.18.0.10"
POD = "10.244.1.20"
FRESH = "198.19"                # sources of new flows
ENDPOINT_MASK = "255.255.255.252"
PORT, TARGET, NODE_PORT = 80, 8080, 30000
NODE_PORTS = 2000               # how many services have one, at most
ENDPOINTS = 4


def endpoints(net):
    """Four addresses under ENDPOINT_MASK."""
    return tuple((f"{net}.{8 + k}", TARGET) for k in range(ENDPOINTS))


REMOTE = Service("remote", "10.96.0.10", PORT, endpoints("10.244.2"), NODE_PORT, ("tcp", "udp"))
LOCAL = Service("local", "10.96.0.11", PORT, endpoints("10.244.1"), 0, ("tcp", "udp"))


def services(n):
    """n of them, but at least the two that are measured, which stand in the middle: lists are
    walked in order.
    """
    def other(i):
        ends = tuple((f"10.200.{4 * i + k >> 8}.{4 * i + k & 255}", TARGET)
                     for k in range(ENDPOINTS))
        return Service(f"other-{i}", f"10.{97 + (i >> 14)}.{i >> 8 & 63}.{i & 255}", PORT, ends,
                       NODE_PORT + 1 + i if i < NODE_PORTS else 0)

    others = [other(i) for i in range(max(0, n - 2))]
    half = len(others) // 2
    return [*others[:half], REMOTE, LOCAL, *others[half:]]


class Scene(contextlib.ExitStack):
    """A context: the rival is at work on its node, and receivers are at all the ends."""

    def __init__(self, name, rival):
        super().__init__()
        self.rival = rival
        self.world = World(name, ("client", "back", "pod", "server", "node"))

    def __enter__(self):
        super().__enter__()
        try:
            self.enter_context(self.world)
            self._wire()
        except BaseException:
            self.close()
            raise
        return self

    def install(self, n):
        """Apart from __enter__, as it may take a minute."""
        self.callback(self.rival.remove)
        self.rival.install(Node(self.world.netns("node"), NODE, ("c0", "b0"), ("p0", "s0")),
                           services(n))

    def port(self, host):
        """Where the host sends from and receives at: (namespace, device)."""
        return self.world.netns(host), "eth0"

    def macs(self, host):
        """(its own, that of the node's device before it)"""
        dev = {"client": "c0", "back": "b0", "pod": "p0", "server": "s0"}[host]
        return self.world.macs[host, "eth0"], self.world.macs["node", dev]

    def _wire(self):
        w = self.world
        w.sysctl("node", "ipv4/ip_forward", 1)
        for which in ("all", "default"):
            w.sysctl("node", f"ipv4/conf/{which}/rp_filter", 0)
        for host, dev in (("client", "c0"), ("back", "b0"), ("pod", "p0"), ("server", "s0")):
            w.link("node", dev, host, "eth0")
        w.ip("node", f"addr add {NODE}/24 dev c0", "addr add 192.168.2.1/24 dev b0",
             "route add 198.18.0.0/15 via 192.168.1.2", "route add 10.244.2.0/24 via 192.168.2.2",
             f"route add {POD} dev p0",
             *[f"route add {addr} dev s0" for addr, _ in LOCAL.endpoints])
        w.neighbour("node", "c0", "192.168.1.2", ("client", "eth0"))
        w.neighbour("node", "b0", "192.168.2.2", ("back", "eth0"))
        w.neighbour("node", "p0", POD, ("pod", "eth0"))
        for addr, _ in LOCAL.endpoints:
            w.neighbour("node", "s0", addr, ("server", "eth0"))


class Wire(Rival):
    """No node at all: what it costs to make a packet, to cross a veth pair and to count."""
    name = "wire"


class WireScene(Scene):
    """The one wire is between client and back, who stand for all the others too."""

    def _wire(self):
        self.world.link("client", "eth0", "back", "eth0")

    def install(self, n):
        pass

    def port(self, host):
        return super().port({"pod": "client", "server": "back"}.get(host, host))

    def macs(self, host):
        here = self.port(host)[0].rsplit("-", 1)[1]
        there = "back" if here == "client" else "client"
        return self.world.macs[here, "eth0"], self.world.macs[there, "eth0"]
