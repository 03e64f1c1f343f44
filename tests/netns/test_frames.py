# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Hand-made frames: VLAN tags, options and extension headers, padding, absent checksums, frames for
others. From the router's port to n1's uplink, whose backend is a remote or a local pod, and from a
pod. What must be translated is answered; what must not be leaves no trace."""
import contextlib
import ipaddress
import json
import socket
import struct

from bench import BENCH
from lab import TIMEOUT, addr, cluster_ip
from objects import nodes, one

UDP, HOPOPTS, ROUTING, DSTOPTS = 17, 0, 43, 60
IP, IPV6, Q, AD = 0x0800, 0x86DD, 0x8100, 0x88A8
BROADCAST, FOREIGN = "ff:ff:ff:ff:ff:ff", "02:00:00:00:07:07"


def csum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def mac_of(t, host, dev):
    return json.loads(t.lab.run(host, "ip", "-j", "link", "show", dev).stdout)[0]["address"]


def extension(kind, following, segments_left=0):
    """8 bytes: one PadN option, or an empty routing header."""
    if kind == ROUTING:
        return bytes([following, 0, 2, segments_left, 0, 0, 0, 0])
    return bytes([following, 0, 1, 4, 0, 0, 0, 0])


class Sender:
    """Sends frames by a device of the lab, and hears the answers on a UDP socket."""

    def __init__(self, t, host, dev, dmac, source, dest):
        self.family = ipaddress.ip_address(dest[0]).version
        self.dmac, self.dest = dmac, dest
        self.smac = mac_of(t, host, dev[1])
        self.raw = t.lab.socket(host, socket.AF_PACKET, socket.SOCK_RAW)
        with t.lab.entered(host):
            self.raw.bind((dev[0], 0))
        domain = socket.AF_INET if self.family == 4 else socket.AF_INET6
        self.hear = t.lab.socket(host, domain, socket.SOCK_DGRAM)
        self.hear.bind((source, 0))
        self.source = self.hear.getsockname()[:2]

    def close(self):
        self.raw.close()
        self.hear.close()

    def udp(self, no_csum):
        head = struct.pack("!HHH", self.source[1], self.dest[1], 8 + 3)
        src, dst = (ipaddress.ip_address(a).packed for a in (self.source[0], self.dest[0]))
        pseudo = src + dst + struct.pack("!II", 8 + 3, UDP)
        check = 0 if no_csum else csum(pseudo + head + b"\0\0who") or 0xFFFF
        return head + struct.pack("!H", check) + b"who"

    def packet(self, ext, no_csum):
        """@ext: IPv4 options, or a list of (extension header, segments left)."""
        src, dst = (ipaddress.ip_address(a).packed for a in (self.source[0], self.dest[0]))
        l4 = self.udp(no_csum)
        if self.family == 4:
            options = ext or b""
            head = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0,
                               20 + len(options) + len(l4), 1, 0, 64, UDP, 0, src, dst) + options
            return head[:10] + struct.pack("!H", csum(head)) + head[12:] + l4
        headers, following = b"", UDP
        for kind, left in reversed(ext or []):
            headers = extension(kind, following, left) + headers
            following = kind
        return struct.pack("!IHBB", 6 << 28, len(headers) + len(l4), following, 64) + \
            src + dst + headers + l4

    def send(self, tags=(), dmac=None, ext=None, no_csum=False, padding=0):
        frame = b"".join(bytes.fromhex(m.replace(":", "")) for m in (dmac or self.dmac, self.smac))
        for proto, tci in tags:
            frame += struct.pack("!HH", proto, tci)
        frame += struct.pack("!H", IP if self.family == 4 else IPV6)
        self.raw.send(frame + self.packet(ext, no_csum) + b"\xaa" * padding)

    def answered(self, timeout, **how):
        self.hear.settimeout(timeout)
        self.send(**how)
        with contextlib.suppress(TimeoutError):
            return self.hear.recvfrom(100)[1][:2] == (self.dest[0], self.dest[1])
        return False


TAKEN = {
    "untagged": {},
    "padding": {"padding": 30},
    "VLAN 0": {"tags": [(Q, 0xE000)]},
    "VLAN 0 of a provider": {"tags": [(AD, 0)]},
}
TAKEN_4 = {
    "NOPs": {"ext": b"\1" * 8},
    "a timestamp option": {"ext": bytes([68, 8, 5, 0, 0, 0, 0, 0])},
    "no checksum": {"no_csum": True},
}
TAKEN_6 = {
    "hop-by-hop options": {"ext": [(HOPOPTS, 0)]},
    "three headers": {"ext": [(HOPOPTS, 0), (DSTOPTS, 0), (DSTOPTS, 0)]},
}
LEFT = {
    "VLAN 5": {"tags": [(Q, 5)]},
    "VLAN 100 of a provider": {"tags": [(AD, 100)]},
    "two tags": {"tags": [(AD, 100), (Q, 5)]},
    "a tag behind VLAN 0": {"tags": [(Q, 0), (Q, 5)]},
    "broadcast": {"dmac": BROADCAST},
    "multicast": {"dmac": "01:00:5e:00:00:09"},
}
LEFT_WIRE = {"another's MAC": {"dmac": FOREIGN}}
LEFT_6 = {"segments left": {"ext": [(ROUTING, 1)]}}


def check(t, sender, title, taken, left):
    def flows():
        tables = t.lab.sluice_json("n1", "status")["tables"]
        return sum(row["used"] for row in tables if row["name"].startswith(("flows", "half")))

    for _ in range(5):
        before = flows()
        for name, how in left.items():
            t.check(not sender.answered(0.12, **how), f"{title}: {name}, IPv{sender.family}")
        after = flows()
        if after >= before:     # else the collector took an old one meanwhile
            break
    t.equal(after, before, f"{title}: flows of what was left, IPv{sender.family}")
    for name, how in taken.items():
        t.check(BENCH.fair_check(lambda how=how: sender.answered(TIMEOUT, **how)),
                f"{title}: {name}, IPv{sender.family}", "no answer")
    sender.close()


class Tagged:
    """Hears what a host receives, with its outermost tag, which the kernel keeps beside it."""
    AUXDATA, VALID = 8, 1 << 4      # PACKET_AUXDATA, TP_STATUS_VLAN_VALID

    def __init__(self, t, host, dev=None):
        self.sock = t.lab.socket(host, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.sock.setsockopt(263, self.AUXDATA, 1)
        if dev:
            with t.lab.entered(host):
                self.sock.bind((dev, 3))

    def heard(self, last, timeout=1):
        """[(TCI or None, type and all behind it)] of the frames that end with @last."""
        self.sock.settimeout(timeout)
        seen = []
        with contextlib.suppress(TimeoutError):
            while True:
                data, extra, _, where = self.sock.recvmsg(2048, 100)
                if where[2] == socket.PACKET_OUTGOING or not data.endswith(last):
                    continue
                status, *_, tci, _ = struct.unpack("=IIIHHHH", extra[0][2][:20])
                seen.append((tci if status & self.VALID else None, data[12:]))
        return seen


def foreign(t, family):
    """Between two ports of a bridge on n1, one of them a workload device: what is nobody's keeps its
    tag of VLAN 0, in fragments and in one piece."""
    mark = b"keep"
    src, dst = (("192.0.2.1", "192.0.2.2") if family == 4 else ("2001:db8:99::1", "2001:db8:99::2"))
    own = Sender(t, "n1", ("tag0", "tag0"), "02:00:00:00:99:02", addr("n1", family), (dst, 9))
    own.source = (src, 9)
    smac, dmac = (bytes.fromhex(m.replace(":", "")) for m in (own.smac, own.dmac))
    whole = own.packet(None, False)[:-3] + mark[:3]
    frames = [struct.pack("!H", IP if family == 4 else IPV6) + whole + mark,
              struct.pack("!H", 0x0806) + bytes(28) + mark]
    ears = Tagged(t, "n1", "tag3")
    for tci in (0xE000, 0):
        for body in frames:
            own.raw.send(dmac + smac + struct.pack("!HH", Q, tci) + body)
    want = [(tci, body) for tci in (0xE000, 0) for body in frames]
    t.equal(ears.heard(mark), want, f"foreign frames with a tag of VLAN 0, IPv{family}")
    own.close()
    ears.sock.close()


def waiting(t, family):
    """Fragments that wait among others' are let go as they came: tagged or not, each for itself."""
    src, dst = ((addr("n1p1", 4), addr("n2p1", 4)) if family == 4 else
                (addr("n1p1", 6), addr("n2p1", 6)))
    own = Sender(t, "n1", ("tag0", "tag0"), "02:00:00:00:99:02", addr("n1", family), (dst, 9))
    smac, dmac = (bytes.fromhex(m.replace(":", "")) for m in (own.smac, own.dmac))
    ears, mark = Tagged(t, "n1", "tag3"), b"wait"
    src, dst = (ipaddress.ip_address(a).packed for a in (src, dst))

    def fragment(at, more):
        data = struct.pack("!HHHH", 8080, 9, 24, 0) + bytes(4) + mark if not at else bytes(4) + mark
        if family == 6:
            return struct.pack("!IHBB", 6 << 28, 8 + len(data), 44, 64) + src + dst + \
                struct.pack("!BBHI", UDP, 0, at | more, 77) + data
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 77, at // 8 | more << 13, 64,
                           UDP, 0, src, dst)
        return head[:10] + struct.pack("!H", csum(head)) + head[12:] + data

    kind = struct.pack("!H", IP if family == 4 else IPV6)
    sent = [(0xE000, kind + fragment(24, 0)), (None, kind + fragment(16, 1)),
            (0x2000, kind + fragment(0, 1))]
    for tci, body in sent:
        tag = b"" if tci is None else struct.pack("!HH", Q, tci)
        own.raw.send(dmac + smac + tag + body)
    t.equal(ears.heard(mark), [sent[2], sent[0], sent[1]],
            f"fragments that waited have the tags they came with, IPv{family}")
    own.close()
    ears.sock.close()


def tags(t):
    t.lab.run("n1", "ip", "-batch", "-", input="""
        link add tagbr type bridge
        link add tag0 type veth peer name tag1
        link add tag2 type veth peer name tag3
        link set tag1 master tagbr
        link set tag2 master tagbr
        link set tagbr up
        link set tag0 up
        link set tag1 up
        link set tag2 up
        link set tag3 up
        """)
    t.lab.sluice("n1", "attach", "--workload", "tag1")
    for family in (4, 6):
        foreign(t, family)
        waiting(t, family)
    t.lab.run("n1", "ip", "link", "del", "tag0")
    t.lab.run("n1", "ip", "link", "del", "tag2")
    t.lab.run("n1", "ip", "link", "del", "tagbr")


def translated(t, family):
    """What we send on has no tag, whatever it came with."""
    sender = Sender(t, "router", ("n1", "br0"), mac_of(t, "n1", "eth0"), addr("router", family),
                    (addr("n1", family), 30090))
    ears = Tagged(t, "n2", "eth0")
    for tci in (0xE000, 0):
        sender.send(tags=[(Q, tci)])
    t.equal([tag for tag, _ in ears.heard(b"who")], [None, None],
            f"tags of what was translated, IPv{family}")
    sender.close()
    ears.sock.close()


def run(t):
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"), *one("near", 91, "n1p1"))
    for family in (4, 6):
        taken = {**TAKEN, **(TAKEN_4 if family == 4 else TAKEN_6)}
        left = {**LEFT, **(LEFT_6 if family == 6 else {})}
        t.tries(lambda: t.lab.ask("router", addr("n1", family), 30090), "neighbours")
        translated(t, family)
        for n, title in ((90, "to a remote pod"), (91, "to a local pod")):
            sender = Sender(t, "router", ("n1", "br0"), mac_of(t, "n1", "eth0"), addr("router", family),
                            (addr("n1", family), 30000 + n))
            check(t, sender, title, taken, {**left, **LEFT_WIRE})
        sender = Sender(t, "n1p1", ("eth0", "eth0"), mac_of(t, "n1", "veth-p1"), addr("n1p1", family),
                        (cluster_ip(90, family), 80))
        check(t, sender, "from a pod", taken, left)
    tags(t)
