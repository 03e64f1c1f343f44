# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Small IPv4 packets as the bytes of Ethernet frames, 60 of them, and the program that sends
and counts them (blast.c).
"""
import socket
import struct
import subprocess

from lab import Failed

SMALL = 60      # Ethernet's least, without its checksum
PROTOCOLS = {"tcp": 6, "udp": 17}


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _l4(protocol, sport, dport, length, check):
    if protocol == "udp":
        return struct.pack("!HHHH", sport, dport, length, check).ljust(length, b"\0")
    syn = 5 << 12 | 0x02
    return struct.pack("!HHIIHHHH", sport, dport, 1, 0, syn, 0xffff, check, 0)


def frame(protocol, smac, dmac, src, dst):
    """A datagram, or a SYN; src and dst are (address, port)."""
    length = SMALL - 14 - 20 if protocol == "udp" else 20
    a, b = socket.inet_aton(src[0]), socket.inet_aton(dst[0])
    pseudo = a + b + struct.pack("!HH", PROTOCOLS[protocol], length)
    check = checksum(pseudo + _l4(protocol, src[1], dst[1], length, 0))
    ip = struct.pack("!BBHHHBB", 0x45, 0, 20 + length, 0, 0x4000, 64, PROTOCOLS[protocol])
    ip += struct.pack("!H", checksum(ip + b"\0\0" + a + b)) + a + b
    eth = bytes.fromhex((dmac + smac).replace(":", "")) + b"\x08\x00"
    return (eth + ip + _l4(protocol, src[1], dst[1], length, check)).ljust(SMALL, b"\0")


class Blast:
    """A context: the generator and the receivers are loaded inside of it."""

    def __init__(self, build, cpu):
        self.words = [str(build / "e2e/blast"), str(build / "e2e/blast.bpf.o"), str(cpu)]
        self.process = None
        self.kept = 0

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self._answer()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def _answer(self):
        words = self.process.stdout.readline().split(" ")
        if words[0].strip() != "ok":
            raise Failed("blast: " + " ".join(words).strip())
        return [w.strip() for w in words[1:]]

    def _ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        return self._answer()

    def attach(self, port):
        self._ask("attach", *port)

    def keep(self, frames):
        """What to give to use() later. The number of frames has to be a power of two."""
        self._ask("keep", "\n".join([str(len(frames)), *[f.hex() for f in frames]]))
        first, self.kept = self.kept, self.kept + len(frames)
        return first, len(frames)

    def forget(self):
        """All frames that were kept."""
        self._ask("forget")
        self.kept = 0

    def use(self, kept, order, fresh=None):
        """Sends these frames, "as-kept" or "mixed"; each with a source of its own in the network
        fresh, "A.B".
        """
        self._ask("use", *kept, order, *([fresh] if fresh else []))

    def expect(self, protocol, which, addr, mask, port):
        """Counts packets whose src or dst it is."""
        self._ask("expect", protocol, which, addr, mask, port)

    def seen(self):
        """(source, destination), each (address, port), of all that came to the last verify()."""
        for word in self._ask("seen"):
            src, dst, sport, dport = struct.unpack("!4s4sHH", bytes.fromhex(word))
            yield (socket.inet_ntoa(src), sport), (socket.inet_ntoa(dst), dport)

    def send(self, port, count, how="quick"):
        """(ns a packet, how many came, how many others came, how many had a bad checksum)"""
        return tuple(map(int, self._ask("send", *port, count, how)))
