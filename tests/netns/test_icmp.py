# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""ICMP errors find who they are for: path MTU discovery through node ports and ClusterIPs in both
directions, closed UDP ports, hop limits. The narrow hops are routes of the router (towards the
client) and of n2 (towards its pod), so that neither end knows of them."""
import errno
import os
import socket

from lab import addr, cluster_ip, echo, wait_for
from objects import nodes, one, pod, service

NARROW = 1300
SIZE = 300_000
CLOSED = 9
# linux/in.h, linux/in6.h
IP_MTU_DISCOVER, IP_PMTUDISC_PROBE, IP_RECVERR, IP_MTU = 10, 3, 11, 14
IPV6_MTU_DISCOVER, IPV6_RECVERR, IPV6_MTU = 23, 25, 24


def narrow(t, host, to, family):
    """The way from the host to another one gets a hop that takes NARROW bytes."""
    ip = ("ip", f"-{family}", "-o", "route")
    words = t.lab.run(host, *ip, "get", addr(to, family)).stdout.split()
    via = ["via", words[words.index("via") + 1]] if "via" in words else []
    prefix = f"{addr(to, family)}/{32 if family == 4 else 128}"
    t.lab.run(host, "ip", f"-{family}", "route", "replace", prefix, *via,
              "dev", words[words.index("dev") + 1], "mtu", "lock", str(NARROW))


def learnt(t, host, to, family):
    """Whether the host knows a path MTU towards the address."""
    got = t.lab.run(host, "ip", f"-{family}", "route", "get", to).stdout
    return f"mtu {NARROW}" in got


def transfer(t, host, to, port, title):
    data = os.urandom(SIZE)

    def there_and_back():
        with t.lab.dial(host, to, port, timeout=30) as s:
            return echo(s, data) == data

    t.check(t.tries(there_and_back, title), title, "other bytes")


def dial_udp(t, host, to, port, family):
    """A datagram socket that reports errors of the way. It does not fragment, and sends what is
    too large for the way as far as that is known already."""
    s = t.lab.dial(host, to, port, "udp")
    if family == 4:
        s.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
        s.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    else:
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_PROBE)
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    return s


def mtu_of(s, family):
    if family == 4:
        return s.getsockopt(socket.IPPROTO_IP, IP_MTU)
    return s.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU)


def error_of(s):
    """The error that the socket is told, or None within its timeout."""
    try:
        s.recv(100)
    except TimeoutError:
        return None
    except OSError as e:
        return errno.errorcode.get(e.errno)
    return "answered"


def datagrams(t, family):
    node = addr("n1", family)
    with dial_udp(t, "client", node, 30091, family) as s:
        s.send(b"x" * 1400)
        t.equal(error_of(s), "EMSGSIZE", f"datagram larger than a hop takes, IPv{family}")
        t.equal(mtu_of(s, family), NARROW, f"path MTU of a UDP socket, IPv{family}")
    for host, to, port in (("client", node, 30092), ("n1p1", cluster_ip(92, family), 80),
                           ("n1", cluster_ip(92, family), 80)):
        with dial_udp(t, host, to, port, family) as s:
            s.send(b"who")
            t.equal(error_of(s), "ECONNREFUSED",
                    f"closed port of a pod, from {host}, IPv{family}")
    level, option = ((socket.IPPROTO_IP, socket.IP_TTL) if family == 4 else
                     (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS))
    for hops, end in ((2, "n1"), (3, "n2")):
        with dial_udp(t, "client", node, 30091, family) as s:
            s.setsockopt(level, option, hops)
            s.send(b"who")
            t.equal(error_of(s), "EHOSTUNREACH",
                    f"{hops} hops from the client end at {end}, IPv{family}")


def streams(t, family):
    """Who knows a path MTU tells the other end so in its SYN: hence in this order."""
    for host in ("n1p1", "n1"):
        to = cluster_ip(90, family)
        transfer(t, host, to, 80, f"ClusterIP from {host}, IPv{family}")
        t.check(learnt(t, host, to, family), f"{host} learns the path MTU, IPv{family}")
    node = addr("n1", family)
    transfer(t, "client", node, 30090, f"node port, IPv{family}")
    t.check(learnt(t, "client", node, family), f"client learns the path MTU, IPv{family}")
    t.check(wait_for(lambda: learnt(t, "n2p1", node, family)),
            f"pod learns the path MTU to the client, IPv{family}")


def run(t):
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"), *one("other", 91, "n2p1"),
                service("closed", 92, {"only": "closed"}, target=CLOSED),
                pod("n2p2", name="closed-n2p2", only="closed"))
    for family in (4, 6):
        narrow(t, "router", "client", family)
        narrow(t, "n2", "n2p1", family)
        streams(t, family)
        datagrams(t, family)
