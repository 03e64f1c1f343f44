# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The kernel's routing is followed, also by connections that are established: another gateway, a
gateway that changes its MAC, a route that is withdrawn and comes back, rules, forwarding off. What
a flow remembers of its next hop is a second old at most."""
import time

from bench import BENCH
from lab import TIMEOUT, addr, wait_for, who
from objects import nodes, one

MODES = ("native", "off")
RENEWED = 1.3   # seconds after which no flow has an old next hop
GATEWAY = {4: "192.168.0.2", 6: "2001:db8:1::2"}
PODS = {4: "10.244.2.0/24", 6: "fd00:10:244:2::/64"}


def ip(t, host, family, *words):
    return t.lab.run(host, "ip", f"-{family}", *words).stdout


class Talk:
    """Connections that stay open from the client through n1's node port to n2p1."""

    def __init__(self, t, family, host="client", to=None, port=30090):
        to = to or addr("n1", family)
        self.t = t
        self.title = f"IPv{family}"
        self.tcp = t.lab.dial(host, to, port, "tcp")
        self.udp = t.lab.dial(host, to, port, "udp")
        self.goes("established")

    def close(self):
        self.tcp.close()
        self.udp.close()

    def goes(self, title):
        for proto, s in (("tcp", self.tcp), ("udp", self.udp)):
            for i in range(3):
                self.t.tries(lambda s=s: who(s), f"{title}: {proto}, {self.title}, packet {i}")

    def all_answered(self):
        return BENCH.fair_check(lambda: self.answered(TIMEOUT) == 4)

    def answered(self, timeout=0.15, n=4):
        """How many of n datagrams were."""
        got = 0
        self.udp.settimeout(timeout)
        for _ in range(n):
            self.udp.send(b"who")
            try:
                self.udp.recv(200)
                got += 1
            except OSError:
                pass
        self.udp.settimeout(TIMEOUT)
        return got


def no_route(t):
    return t.lab.sluice_json("n1", "stats")["drops"]["noRoute"]


def second_gateway(t):
    """The router under a second address, with a MAC of its own."""
    t.lab.run("router", "sh", "-ec", f"""
        sysctl -qw net.ipv4.conf.all.arp_ignore=1
        ip link add gw2 link br0 type macvlan
        ip addr add {GATEWAY[4]}/32 dev gw2
        ip addr add {GATEWAY[6]}/128 dev gw2 nodad
        ip link set gw2 up""")


def arrives_by(t, dev, family, action):
    """Whether what the action brings about reaches the router's device: its IP packets."""
    with t.lab.sniffer("router", dev) as s:
        action()
        end = time.monotonic() + 1
        while time.monotonic() < end:
            try:
                packet = s.recv(2048)
            except TimeoutError:
                continue
            if packet[0] >> 4 == family and (packet[9] if family == 4 else packet[6]) in (6, 17):
                return True
    return False


def gateway(t, talk, family):
    old = {4: "192.168.0.1", 6: "2001:db8:1::1"}[family]
    t.check(not arrives_by(t, "gw2", family, lambda: talk.goes("first gateway")),
            f"first gateway, IPv{family}")
    ip(t, "n1", family, "route", "replace", "default", "via", GATEWAY[family])
    yield RENEWED
    t.check(arrives_by(t, "gw2", family, lambda: talk.goes("second gateway")),
            f"second gateway is used, IPv{family}")
    ip(t, "n1", family, "route", "replace", "default", "via", old)
    yield RENEWED
    talk.goes("first gateway again")


def mac(t, talk, family):
    """The gateway's address moves to another MAC, which is announced, as a failover does."""
    new = f"02:00:00:00:aa:0{family}"
    t.lab.run("router", "sh", "-ec", f"""
        sysctl -qw net.ipv4.conf.br0.arp_notify=1 net.ipv6.conf.br0.ndisc_notify=1
        ip link set br0 address {new}""")
    gate = {4: "192.168.0.1", 6: "2001:db8:1::1"}[family]
    t.check(wait_for(lambda: new in ip(t, "n1", family, "neigh", "show", gate)),
            f"the kernel knows the new MAC, IPv{family}")
    yield RENEWED
    talk.goes("gateway with another MAC")


def withdrawn(t, talk, family):
    before = no_route(t)
    ip(t, "n1", family, "route", "replace", "unreachable", PODS[family])
    yield RENEWED
    t.equal(talk.answered(), 0, f"no way to the backend, IPv{family}: answers")
    t.check(no_route(t) >= before + 4, f"no way to the backend, IPv{family}: counted")
    ip(t, "n1", family, "route", "replace", PODS[family], "via", addr("n2", family))
    t.check(talk.all_answered(), f"the way is back, IPv{family}: answers")
    talk.goes("the way is back")


def rules(t, talk, family):
    """By the client's address, though the backend sees n1's; and by that of the reply."""
    bits = 32 if family == 4 else 128
    client, node = (f"{addr(h, family)}/{bits}" for h in ("client", "n1"))
    ip(t, "n1", family, "route", "add", "unreachable", "default", "table", "100")
    ip(t, "n1", family, "rule", "add", "from", client, "to", PODS[family], "lookup", "100",
       "pref", "100")
    yield RENEWED
    t.equal(talk.answered(), 0, f"a rule for the client's address, IPv{family}: answers")
    ip(t, "n1", family, "rule", "del", "pref", "100")
    ip(t, "n1", family, "route", "replace", "default", "via", GATEWAY[family], "dev", "eth0",
       "table", "101")
    ip(t, "n1", family, "rule", "add", "from", node, "lookup", "101", "pref", "101")
    yield RENEWED
    t.check(arrives_by(t, "gw2", family, lambda: talk.goes("rule for the reply")),
            f"a rule for the reply's source address, IPv{family}")
    ip(t, "n1", family, "rule", "del", "pref", "101")
    yield RENEWED


def forwarding(t, talk, family):
    key = "net.ipv4.ip_forward" if family == 4 else "net.ipv6.conf.all.forwarding"
    before = no_route(t)
    t.lab.run("n1", "sysctl", "-qw", f"{key}=0")
    yield RENEWED
    t.equal(talk.answered(), 0, f"forwarding off, IPv{family}: answers")
    t.check(no_route(t) >= before + 4, f"forwarding off, IPv{family}: counted")
    t.lab.run("n1", "sysctl", "-qw", f"{key}=1")
    if family == 6:     # the default route of a host that forwards is its own affair again
        ip(t, "n1", 6, "route", "replace", "default", "via", "2001:db8:1::1")
    t.check(talk.all_answered(), f"forwarding on again, IPv{family}: answers")


def together(changes):
    """Runs the steps of generators side by side; each yields where flows have to be renewed."""
    running = list(changes)
    while running:
        running = [c for c in running if next(c, None) is not None]
        if running:
            time.sleep(RENEWED)


def run(t):
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"))
    second_gateway(t)
    talks = {family: Talk(t, family) for family in (4, 6)}
    for change in (gateway, mac, withdrawn, rules, forwarding):
        together(change(t, talk, family) for family, talk in talks.items())
    for talk in talks.values():
        talk.goes("after all of it")
        talk.close()
