# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""n1 has a second uplink, eth1, by which it reaches the other node: requests come in by one and go
out by the other, with the address of that; replies come in by it. And a pod's answer leaves by
another uplink than the request came in by, both ways round. All under strict rp_filter of n1."""
import ipaddress

from lab import addr, cluster_ip, who
from objects import nodes, one, pod, service

MODES = ("native", "off")
SIDE = {4: ("192.168.1.1", "192.168.1.11"), 6: ("2001:db8:2::1", "2001:db8:2::11")}
VIP = {4: "198.51.100.4", 6: "2001:db8:5100::6"}
PODS = {4: "10.244.2.0/24", 6: "fd00:10:244:2::/64"}
CLIENTS = {4: "203.0.113.0/24", 6: "2001:db8:203::/64"}


def eth1_up(t):
    t.lab.run("router", "ip", "link", "add", "side", "type", "veth", "peer", "name", "eth1",
              "netns", f"{t.lab.name}-n1")
    for host, dev, own in (("router", "side", 0), ("n1", "eth1", 1)):
        t.lab.run(host, "sh", "-ec", f"""
            ip addr add {SIDE[4][own]}/24 dev {dev}
            ip addr add {SIDE[6][own]}/64 dev {dev} nodad
            ip link set {dev} up""")
    t.lab.run("n2", "sh", "-ec", f"""
        ip route add 192.168.1.0/24 via {addr("router", 4)}
        ip route add 2001:db8:2::/64 via {addr("router", 6)}""")
    for family in (4, 6):
        t.lab.run("n1", "ip", "route", "replace", PODS[family], "via", SIDE[family][0])
        t.lab.run("router", "ip", "route", "replace", PODS[family], "via", addr("n2", family))


def ask(t, host, to, port, backend, seen):
    for proto in ("tcp", "udp"):
        title = f"{host} → {to} {port} {proto}"

        def talk(proto=proto):
            with t.lab.dial(host, to, port, proto) as s:
                return {who(s)[:2] for _ in range(4)}

        got = t.tries(talk, title)
        if got:
            t.equal(got, {(backend, seen)}, title)


def clients_by(t, family, dev):
    via = addr("router", family) if dev == "eth0" else SIDE[family][0]
    t.lab.run("n1", "ip", "route", "replace", CLIENTS[family], "via", via)


def backend_behind_the_other(t, family):
    side = SIDE[family][1]
    ask(t, "client", addr("n1", family), 30090, "n2p1", side)
    ask(t, "n1p1", cluster_ip(90, family), 80, "n2p1", addr("n1p1", family))
    ask(t, "n1", cluster_ip(90, family), 80, "n2p1", side)
    ask(t, "n1", addr("n1", family), 30090, "n2p1", side)


def leaves_by(wire, source, family):
    """Whether a packet from the address goes by, before a while without any."""
    at = slice(12, 16) if family == 4 else slice(8, 24)
    try:
        while True:
            packet = wire.recv(2048)
            if packet[0] >> 4 == family and packet[at] == ipaddress.ip_address(source).packed:
                return True
    except TimeoutError:
        return False


def asymmetric(t, family):
    """Requests by each uplink, replies by each."""
    vip = VIP[family]
    for inward in ("eth0", "eth1"):
        gate = addr("n1", family) if inward == "eth0" else SIDE[family][1]
        t.lab.run("router", "ip", "route", "replace", vip, "via", gate)
        for outward in ("eth0", "eth1"):
            clients_by(t, family, outward)
            with t.lab.sniffer("router", "n1" if outward == "eth0" else "side") as wire:
                ask(t, "client", vip, 80, "n1p1", addr("client", family))
                t.check(leaves_by(wire, vip, family),
                        f"in by {inward}, out by {outward}, IPv{family}")
    clients_by(t, family, "eth0")


def run(t):
    eth1_up(t)
    if t.mode == "native":  # a veth needs a program at its other end, as the lab's have
        t.lab.sluice("router", "attach", "side", "--xdp", "native")
    try:
        t.lab.sluice("n1", "attach", "eth1", "--xdp", t.mode)
        t.lab.apply(*nodes(), *one("far", 90, "n2p1"),
                    service("local", 92, {"app": "local"}, externalTrafficPolicy="Local",
                            externalIPs=list(VIP.values())),
                    pod("n1p1", name="local-n1p1", app="local"))
        for family in (4, 6):
            backend_behind_the_other(t, family)
            asymmetric(t, family)
    finally:
        t.lab.sluice("router", "detach", "--all", check=False)
