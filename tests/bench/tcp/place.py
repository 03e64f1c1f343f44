# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Where TCP is measured: a node with two pods, another node with one, and a client outside.

    client ── up0 [node] up1 ── other ── far
                   │
              pod, near

`near` and `far` have servers at four addresses each. Who dials a Service has four addresses as
well: a port of one of them comes again only after a quarter of a million connections.
"""
import contextlib
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
from rivals import BUILD, Failed, Node, Rival, Service, Sluice  # noqa: E402
from world import World  # noqa: E402

HOSTS = ("client", "node", "other", "pod", "near", "far")
SERVER_PORT = 8000


def four(first):
    """Four neighbouring addresses; the last byte of the first is a multiple of 4."""
    base, last = first.rsplit(".", 1)
    return tuple(f"{base}.{int(last) + i}" for i in range(4))


ADDRESSES = {
    "client": four("192.168.1.64"),
    "pod": four("10.244.1.64"),
    "near": four("10.244.1.128"),
    "far": four("10.244.2.128"),
}
NODE_ADDRESS = "192.168.1.1"


def endpoints(host):
    return tuple((a, SERVER_PORT) for a in ADDRESSES[host])


def services(others):
    """A Service with the near endpoints and one with the far ones, amid so many others."""
    rest = [Service(f"other-{n}", f"10.97.{n >> 8}.{n & 255}", 80, endpoints("far"))
            for n in range(others)]
    return [*rest[:others // 2],
            Service("near", "10.96.0.91", 80, endpoints("near"), 30091),
            Service("far", "10.96.0.90", 80, endpoints("far"), 30090),
            *rest[others // 2:]]


class XdpPass(Rival):
    """No balancer, but a program at the uplinks: what XDP alone costs on a veth."""
    name = "xdp-pass"

    def _load(self, services):
        for dev in self.node.uplinks:
            self._run("ip", "link", "set", "dev", dev, "xdpdrv", "obj",
                      str(BUILD / "tcp/pass.bpf.o"), "sec", "xdp")

    def _unload(self):
        for dev in self.node.uplinks:
            self._run("ip", "link", "set", "dev", dev, "xdpdrv", "off")


class SluiceXdp(Sluice):
    """With XDP at the uplinks: to be held against xdp-pass, which pays the same for the veth."""
    name = "sluice-xdp"


class SluiceTc(Sluice):
    """Without, which on uplinks like these is what sluice takes by itself."""

    def __init__(self):
        super().__init__(xdp="off")


class Place:
    """A context: the network with one contender in its node, and servers."""

    def __init__(self, name, rival, others, tool):
        self.world = World(name, HOSTS)
        self.rival, self.others, self.tool = rival, others, tool
        self.has_xdp = rival.name in (XdpPass.name, SluiceXdp.name)
        self.servers = {}

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            undo.enter_context(self.world)
            undo.callback(self._stop)
            self._wire()
            self._settings()
            self.offloads(True)
            undo.callback(self.rival.remove)
            self.rival.install(
                Node(self.world.netns("node"), NODE_ADDRESS, ("up0", "up1"), ("pod0", "near0")),
                services(self.others))
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self._undo.close()

    # --- the network ---

    def _wire(self):
        w = self.world
        w.link("client", "eth0", "node", "up0")
        w.link("node", "up1", "other", "eth0")
        w.link("node", "pod0", "pod", "eth0")
        w.link("node", "near0", "near", "eth0")
        w.link("other", "far0", "far", "eth0")
        self._wires()
        for node, dev, pod in (("node", "pod0", "pod"), ("node", "near0", "near"),
                               ("other", "far0", "far")):
            self._pod(node, dev, pod)

    def _wires(self):
        w = self.world
        w.ip("client", "addr add 192.168.1.2/24 dev eth0",
             *[f"addr add {a}/24 dev eth0" for a in ADDRESSES["client"]],
             f"route add default via {NODE_ADDRESS}")
        w.ip("node", f"addr add {NODE_ADDRESS}/24 dev up0", "addr add 192.168.2.1/24 dev up1",
             "route add 10.244.2.0/24 via 192.168.2.2")
        w.ip("other", "addr add 192.168.2.2/24 dev eth0", "route add default via 192.168.2.1")
        w.neighbour("client", "eth0", NODE_ADDRESS, ("node", "up0"))
        for address in ("192.168.1.2", *ADDRESSES["client"]):
            w.neighbour("node", "up0", address, ("client", "eth0"))
        w.neighbour("node", "up1", "192.168.2.2", ("other", "eth0"))
        w.neighbour("other", "eth0", "192.168.2.1", ("node", "up1"))

    def _pod(self, node, dev, pod):
        w, gateway = self.world, "169.254.1.1"
        w.ip(pod, *[f"addr add {a}/32 dev eth0" for a in ADDRESSES[pod]],
             f"route add default via {gateway} dev eth0 onlink")
        w.neighbour(pod, "eth0", gateway, (node, dev))
        w.ip(node, f"route add {ADDRESSES[pod][0]}/30 dev {dev}")
        for address in ADDRESSES[pod]:
            w.neighbour(node, dev, address, (pod, "eth0"))
        # World switched it on; a pod's device comes without.
        w.ethtool(node, dev, "gro", "off")
        w.ethtool(pod, "eth0", "gro", "off")

    def _settings(self):
        for host in ("node", "other"):
            self.world.sysctl(host, "ipv4/ip_forward", 1)
        for host in ("client", "pod", "near", "far"):
            # One that does not pace, whatever the machine's own choice is.
            self.world.sysctl(host, "ipv4/tcp_congestion_control", "reno")
            self.world.sysctl(host, "ipv4/ip_local_port_range", "1024 65535")
        for host in ("near", "far"):
            # A tuple comes again sooner than in life; a SYN may not meet what is left of it.
            self.world.sysctl(host, "ipv4/tcp_max_tw_buckets", 0)

    def offloads(self, on):
        """Senders cut and sum themselves, or leave it to devices, which here means to nobody.

        With XDP at the uplinks those behind them always sum themselves: XDP cannot see that it
        is still to be done, and a NIC would have done it. GRO stays on at the far ends of the
        wires, for without it or a program a veth takes no redirected frames.
        """
        for host, dev in (("client", "eth0"), ("node", "up0"), ("node", "up1"),
                          ("other", "eth0"), ("node", "pod0"), ("pod", "eth0"),
                          ("node", "near0"), ("near", "eth0"), ("other", "far0"),
                          ("far", "eth0")):
            wire = (host, dev) in (("client", "eth0"), ("other", "eth0"))
            sums = "on" if on and not (wire and self.has_xdp) else "off"
            word = "on" if on else "off"
            self.world.ethtool(host, dev, "tx", sums, "tso", sums, "gso", word)
        for dev in ("up0", "up1"):
            self.world.ethtool("node", dev, "gro", "on" if on else "off")

    # --- processes ---

    def _words(self, host, cpu, *words):
        return ["nsenter", f"--net=/run/netns/{self.world.netns(host)}", "--",
                "taskset", "-c", str(cpu), self.tool, *words]

    def serve(self, cpu):
        for host in ("near", "far"):
            server = subprocess.Popen(self._words(host, cpu, "serve", str(SERVER_PORT)),
                                      stdout=subprocess.PIPE, text=True)
            self.servers[host] = server
            if server.stdout.readline() != "ready\n":
                raise Failed(f"no server in {host}: {self.tool} does not start")

    def _stop(self):
        for server in self.servers.values():
            server.kill()
            server.wait()
            server.stdout.close()

    def target(self, path):
        """(port, addresses) that a client on this path dials."""
        if self.rival.direct:
            return SERVER_PORT, ADDRESSES[path.backend]
        near = path.backend == "near"
        if path.node_port:
            return (30091 if near else 30090), (NODE_ADDRESS,)
        return 80, ("10.96.0.91" if near else "10.96.0.90",)

    def client(self, path, load, cpu, *options):
        """The words of the command that measures."""
        port, addresses = self.target(path)
        sources = [word for a in ADDRESSES[path.source] for word in ("-f", a)]
        return self._words(path.source, cpu, load, "-p", str(self.servers[path.backend].pid),
                           *sources, *options, str(port), *addresses)
