# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Hand-made frames: VLAN tags, options and extension headers, padding, absent checksums, frames for
others. From the router's port to n1's uplink, whose backend is a remote or a local pod, and from a
pod. What must be translated is answered; what must not be leaves no trace."""
import contextlib
import ipaddress
import json
import socket
import struct

from lab import addr, cluster_ip
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

    before = flows()
    for name, how in left.items():
        t.check(not sender.answered(0.12, **how), f"{title}: {name}, IPv{sender.family}")
    t.equal(flows(), before, f"{title}: flows of what was left, IPv{sender.family}")
    for name, how in taken.items():
        t.check(sender.answered(1, **how), f"{title}: {name}, IPv{sender.family}", "no answer")
    sender.close()


def run(t):
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"), *one("near", 91, "n1p1"))
    for family in (4, 6):
        taken = {**TAKEN, **(TAKEN_4 if family == 4 else TAKEN_6)}
        left = {**LEFT, **(LEFT_6 if family == 6 else {})}
        t.tries(lambda: t.lab.ask("router", addr("n1", family), 30090), "neighbours")
        for n, title in ((90, "to a remote pod"), (91, "to a local pod")):
            sender = Sender(t, "router", ("n1", "br0"), mac_of(t, "n1", "eth0"), addr("router", family),
                            (addr("n1", family), 30000 + n))
            check(t, sender, title, taken, {**left, **LEFT_WIRE})
        sender = Sender(t, "n1p1", ("eth0", "eth0"), mac_of(t, "n1", "veth-p1"), addr("n1p1", family),
                        (cluster_ip(90, family), 80))
        check(t, sender, "from a pod", taken, left)
