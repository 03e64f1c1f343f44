# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Datagrams larger than the MTU, echoed through ClusterIPs and node ports: as the kernel sends
them, and with their fragments in any other order, which then come out of packet sockets."""
import functools
import ipaddress
import itertools
import json
import os
import random
import socket
import struct
import threading
import time

from bench import BENCH
from lab import TIMEOUT, addr, cluster_ip, wait_for
from objects import nodes, one, pod, service
from test_address import ping

MODES = ("native", "off")
SIZES = (2_000, 60_000)
MTU = 1500
ETH_P_ALL = 3
REPLY_PORT = 9999
# Where a host's eth0 ends: namespace, device
PEER = {"client": ("router", "client"), "n1p2": ("n1", "veth-p2"), "n2p1": ("n2", "veth-p1")}
GAP = 3.2
IDENT = itertools.count(random.getrandbits(16))
FAR, NEAR, HOST, OWN = 90, 91, 92, 93   # services: backend in n2's pod, n1's pod, n1, this test


def checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def datagram(src, dst, sport, dport, data):
    """UDP's header and data, with its checksum."""
    src, dst = ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed
    size = 8 + len(data)
    pseudo = src + dst + struct.pack("!IHH", size, 0, socket.IPPROTO_UDP)
    header = struct.pack("!HHHH", sport, dport, size, 0)
    total = checksum(pseudo + header + data) or 0xffff
    return header[:6] + struct.pack("!H", total) + data


def packet(src, dst, ident, offset, more, data):
    """The IP packet of the fragment at the offset."""
    src, dst = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    if src.version == 6:
        return struct.pack("!IHBB", 6 << 28, 8 + len(data), 44, 64) + src.packed + dst.packed + \
            struct.pack("!BBHI", socket.IPPROTO_UDP, 0, offset | more, ident) + data
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), ident & 0xffff,
                         offset // 8 | more << 13, 64, socket.IPPROTO_UDP, 0)
    total = checksum(header + src.packed + dst.packed)
    return header[:10] + struct.pack("!H", total) + src.packed + dst.packed + data


def fragments(src, dst, whole):
    """Each datagram has an identification of its own: those of IPv4 are few, and of two that share
    one within GAP seconds the later fragments of the second may follow the first of the first."""
    room = (MTU - (20 if ipaddress.ip_address(src).version == 4 else 48)) // 8 * 8
    ident = next(IDENT)
    return [packet(src, dst, ident, at, int(at + room < len(whole)), whole[at:at + room])
            for at in range(0, len(whole), room)]


@functools.cache
def gateway(t, host):
    """The MAC of where the host's eth0 ends."""
    netns, dev = PEER[host]
    link = json.loads(t.lab.run(netns, "ip", "-j", "link", "show", dev).stdout)[0]
    return bytes.fromhex(link["address"].replace(":", ""))


def put(t, host, packets):
    """Sends the packets as they are, in this order."""
    mac = gateway(t, host)
    kind = 0x0800 if packets[0][0] >> 4 == 4 else 0x86dd
    with t.lab.socket(host, socket.AF_PACKET, socket.SOCK_DGRAM) as s:
        for p in packets:
            s.sendto(p, ("eth0", kind, 0, 0, mac))


def reverse(packets):
    return packets[::-1]


def shuffle(packets):
    return random.Random(len(packets)).sample(packets, len(packets))


def first_last_but_one(packets):
    return packets[1:-1] + packets[:1] + packets[-1:]


def twice(packets):
    """Each of them, before the first and behind it."""
    return packets[:0:-1] + packets


def ways():
    """(who dials, what, port, title) for both families."""
    for family in (4, 6):
        for n, where in ((FAR, "remote pod"), (NEAR, "local pod"), (HOST, "host socket")):
            yield "client", addr("n1", family), 30000 + n, f"node port → {where}, IPv{family}"
            yield "n1p2", cluster_ip(n, family), 80, f"pod → ClusterIP → {where}, IPv{family}"


def in_order(t, host, to, port, title):
    for size in SIZES:
        data = b"echo " + os.urandom(size - 5)

        def there_and_back(data=data):
            with t.lab.dial(host, to, port, "udp") as s:
                s.send(data)
                return s.recv(65536) == data

        what = f"{size} bytes, {title}"
        t.check(t.tries(there_and_back, what), what, "other bytes")


def out_of_order(t, host, to, port, order, title):
    for size in SIZES:
        data = b"echo " + os.urandom(size - 5)

        def there_and_back(data=data):
            with t.lab.dial(host, to, port, "udp") as s:
                src, sport = s.getsockname()[:2]
                put(t, host, order(fragments(src, to, datagram(src, to, sport, port, data))))
                return s.recv(65536) == data

        what = f"{size} bytes, {order.__name__}, {title}"
        t.check(t.tries(there_and_back, what), what, "other bytes")


def replies(t, family, order):
    """The endpoint's answer is what comes in another order, over the wire between the nodes."""
    src = addr("n2p1", family)
    domain = socket.AF_INET if family == 4 else socket.AF_INET6
    for size in SIZES:
        data = os.urandom(size)

        def there_and_back(data=data):
            with t.lab.socket("n2p1", domain, socket.SOCK_DGRAM) as server, \
                    t.lab.dial("client", addr("n1", family), 30000 + OWN, "udp") as s:
                server.bind((src, REPLY_PORT))
                server.settimeout(TIMEOUT)
                s.send(b"who")
                dst, dport = server.recvfrom(100)[1][:2]
                put(t, "n2p1", order(fragments(src, dst,
                                               datagram(src, dst, REPLY_PORT, dport, data))))
                return s.recv(65536) == data

        what = f"reply of {size} bytes, {order.__name__}, IPv{family}"
        t.check(t.tries(there_and_back, what), what, "other bytes")


def at_once(t, family):
    """The first and the others by several threads, so on several CPUs: who comes first is chance."""
    to = addr("n1", family)
    def there_and_back():
        data = b"echo " + os.urandom(8_000)
        with t.lab.dial("client", to, 30000 + FAR, "udp") as s:
            src, sport = s.getsockname()[:2]
            parts = fragments(src, to, datagram(src, to, sport, 30000 + FAR, data))
            threads = [threading.Thread(target=put, args=(t, "client", some))
                       for some in (parts[:1], parts[1::2], parts[2::2])]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return s.recv(65536) == data

    for i in range(50):
        what = f"datagram {i} whose fragments come at once, IPv{family}"
        if not t.check(t.tries(there_and_back, what), what, "lost, or other bytes"):
            break


def not_ours(t, family):
    """A node's own datagrams, though its address has node ports: to a socket of it, past us."""
    to, domain = addr("n1", family), socket.AF_INET if family == 4 else socket.AF_INET6
    for order in (list, reverse, shuffle):
        data = os.urandom(SIZES[1])

        def there(data=data, order=order):
            with t.lab.socket("n1", domain, socket.SOCK_DGRAM) as server:
                server.bind((to, REPLY_PORT))
                server.settimeout(TIMEOUT)
                src = addr("client", family)
                put(t, "client", order(fragments(src, to, datagram(src, to, 5000, REPLY_PORT,
                                                                   data))))
                return server.recv(65536) == data

        what = f"the node's own datagram, {order.__name__}, IPv{family}"
        t.check(t.tries(there, what), what, "other bytes")


def refused(t, family):
    """A port that a Service has not: the first fragment says so, the others are not heard of."""
    for host in ("client", "n1p2", "n1"):
        for size in SIZES:
            def dialled(host=host, size=size):
                with t.lab.dial(host, cluster_ip(FAR, family), 81, "udp") as s:
                    s.send(os.urandom(size))
                    try:
                        return not s.recv(100)
                    except ConnectionRefusedError:
                        return True

            what = f"{size} bytes to an undefined port are refused, {host}, IPv{family}"
            t.check(t.tries(dialled, what), what, "answered")


def stray(t, family):
    """What goes out of n1 towards others while a datagram to no port of a Service comes in, in any
    order: nothing of it."""
    def heard():
        counted.append(strays(t, addr("client", family), cluster_ip(FAR, family), family))
        return counted[-1] == (6, 0)

    counted = []
    BENCH.fair_check(heard)
    t.equal(counted[-1], (6, 0), f"fragments to an undefined port: those that the router was given, "
            f"those that left the node, IPv{family}")


def strays(t, src, to, family):
    seen = 0
    with t.lab.socket("router", socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as s:
        s.settimeout(0.5)
        for order in (list, reverse):
            put(t, "client", order(fragments(src, to, datagram(src, to, 5001, 81, bytes(4_000)))))
        out, wanted = 0, ipaddress.ip_address(to).packed
        try:
            while True:
                frame, where = s.recvfrom(2048)
                at = 30 if family == 4 else 38
                seen += where[0] == "client" and frame[at:at + len(wanted)] == wanted
                out += where[0] != "client" and where[2] != socket.PACKET_OUTGOING and \
                    frame[at:at + len(wanted)] == wanted
        except TimeoutError:
            pass
    return seen, out


def pings(t, family):
    """Each fragment of a large one is turned by itself."""
    for host in ("client", "n1p2", "n1"):
        for size in (2_000, 20_000):
            what = f"ping of {size} bytes, {host} → ClusterIP, IPv{family}"
            t.check(t.tries(lambda: ping(t, host, cluster_ip(FAR, family), size) is True, what),
                    what, "no answer")


def options(t, family):
    """Destination options behind the fragment header: only the first fragment names the protocol."""
    if family == 4:
        return
    to, data = addr("n1", 6), b"echo " + os.urandom(4_000)
    for order in (list, reverse):
        def there_and_back(order=order):
            with t.lab.dial("client", to, 30000 + FAR, "udp") as s:
                src, sport = s.getsockname()[:2]
                whole = bytes((socket.IPPROTO_UDP, 0, 1, 4, 0, 0, 0, 0)) + \
                    datagram(src, to, sport, 30000 + FAR, data)
                parts = [p[:40] + bytes((socket.IPPROTO_DSTOPTS,)) + p[41:]
                         for p in fragments(src, to, whole)]
                put(t, "client", order(parts))
                return s.recv(65536) == data

        what = f"options behind the fragment header, {order.__name__}"
        t.check(t.tries(there_and_back, what), what, "other bytes")


def lone(t, family):
    """Fragments without a first, in anybody's name: those of others still find together."""
    to, net = addr("n1", family), "198.51.100." if family == 4 else "2001:db8:100::"
    put(t, "client", [p for i in range(1, 200)
                      for p in fragments(f"{net}{i}", to, bytes(16_000))[1:]])
    for order in (list, reverse):
        out_of_order(t, "client", to, 30000 + FAR, order, f"behind lone ones, IPv{family}")


def run(t):
    for net in ("10.96.0.0/12", "fd00:10:96::/112"):
        t.lab.run("router", "ip", "route", "add", net, "via", addr("n1", 6 if ":" in net else 4))
    t.lab.apply(*nodes(), *one("far", FAR, "n2p1"), *one("near", NEAR, "n1p1"),
                *one("host", HOST, "n1"),
                service("own", OWN, {"only": "own"}, target=REPLY_PORT),
                pod("n2p1", name="own-n2p1", only="own"))
    for host, to, port, title in ways():
        in_order(t, host, to, port, title)
    time.sleep(GAP)     # the identifications so far were the kernel's
    for host, to, port, title in ways():
        for order in (reverse, shuffle, first_last_but_one, twice):
            out_of_order(t, host, to, port, order, title)
    for family in (4, 6):
        in_order(t, "n1", cluster_ip(FAR, family), 80, f"host → ClusterIP, IPv{family}")
        time.sleep(GAP)
        for order in (list, reverse, shuffle):
            replies(t, family, order)
        at_once(t, family)
        not_ours(t, family)
        refused(t, family)
        stray(t, family)
        pings(t, family)
        options(t, family)
        lone(t, family)
    stats = t.lab.sluice_json("n1", "stats")
    t.check(stats["held"]["packets"], "held fragments are counted")
    # Those of lone(), and of datagrams that were stopped.
    t.check(wait_for(lambda: t.lab.sluice_json("n1", "stats")["drops"]["fragmentLost"] > 100),
            "fragments whose first never came are counted")
    t.check("held" not in stats["drops"], "who waits is not dropped")
