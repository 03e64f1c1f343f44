# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""traceroute to a VIP: the router, the node in its own name, what is behind the node in the VIP's,
for the client may know no way there, and at last the service's answer."""
import errno
import socket
import struct

from lab import addr
from objects import nodes, one

MODES = ("native", "off")
VIP = {4: "198.51.100.4", 6: "2001:db8:5100::6"}
ROUTER = {4: "203.0.113.1", 6: "2001:db8:203::1"}
# linux/in.h, linux/in6.h
IP_RECVERR, IPV6_RECVERR = 11, 25


def hop(t, family, to, ttl):
    """Who says that the hop limit is used up, or "answered"."""
    v4 = family == 4
    level = socket.IPPROTO_IP if v4 else socket.IPPROTO_IPV6
    with t.lab.dial("client", to, 80, "udp") as s:
        s.setsockopt(level, IP_RECVERR if v4 else IPV6_RECVERR, 1)
        s.setsockopt(level, socket.IP_TTL if v4 else socket.IPV6_UNICAST_HOPS, ttl)
        s.send(b"who")
        try:
            s.recv(100)
            return "answered"
        except OSError as e:
            if e.errno != errno.EHOSTUNREACH:
                return repr(e)
        _, ancillary, _, _ = s.recvmsg(100, 200, socket.MSG_ERRQUEUE)
    # struct sock_extended_err, then the offender's struct sockaddr_in or _in6
    for _, _, data in ancillary:
        offender = data[struct.calcsize("IBBBBII"):]
        return socket.inet_ntop(socket.AF_INET if v4 else socket.AF_INET6,
                                offender[4:8] if v4 else offender[8:24])
    return "nobody"


def run(t):
    t.lab.apply(*nodes(), *one("far", 90, "n2p1", externalIPs=list(VIP.values())))
    for family, vip in VIP.items():
        t.lab.run("router", "ip", "route", "add", vip, "via", addr("n1", family))
        want = [ROUTER[family], addr("n1", family), vip, "answered"]
        got = [t.tries(lambda ttl=ttl: hop(t, family, vip, ttl), f"IPv{family}, hop {ttl}")
               for ttl in range(1, 5)]
        t.equal(got, want, f"the way to a VIP, IPv{family}")
