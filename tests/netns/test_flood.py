# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Thousands of live connections, and seconds of SYNs of random sources to the same node port: none
of the connections may be lost, and new ones are served when the flood is over."""
import contextlib
import json
import multiprocessing
import random
import resource
import selectors
import socket
import struct
import time

from bench import drops
from lab import TIMEOUT, addr, inside
from objects import nodes, pod, service

MODES = ("native", "off")
ALONE = True
LIVE = {"native": 10000, "off": 2000}
PORT = 7000
FRAMES = 150_000    # all different: more than the table of half-open flows has rows
RATE = {"native": 15_000, "off": 30_000}    # a second, at most
BATCH = 64          # a CPU's queue (bench.py) takes many of them, and what answers them


def serve(netns, bind, ready):
    """Echoes whatever comes on any number of connections. A process of its own: files."""
    with inside(netns), selectors.DefaultSelector() as sel:
        listener = socket.create_server((bind, PORT), backlog=4096)
        sel.register(listener, selectors.EVENT_READ)
        ready.set()
        while True:
            for key, _ in sel.select():
                if key.fileobj is listener:
                    conn, _ = listener.accept()
                    sel.register(conn, selectors.EVENT_READ)
                    continue
                data = key.fileobj.recv(4096)
                if data:
                    key.fileobj.sendall(data)
                else:
                    sel.unregister(key.fileobj)
                    key.fileobj.close()


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def syn(dmac, smac, dst, port, rng):
    src = rng.randbytes(4)
    tcp = struct.pack("!HHIIBBHHH", rng.randrange(1024, 65536), port, rng.getrandbits(32), 0,
                      5 << 4, 2, 1024, 0, 0)
    pseudo = src + dst + struct.pack("!BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, rng.getrandbits(16), 0, 64, 6, 0, src, dst)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return dmac + smac + b"\x08\x00" + ip + tcp


def mac_of(t, host, dev):
    link = json.loads(t.lab.run(host, "ip", "-j", "link", "show", "dev", dev).stdout)[0]
    return bytes.fromhex(link["address"].replace(":", ""))


def flood(t):
    """From the router's end of n1's wire, at a pace that the machine keeps up with."""
    rng = random.Random(1)
    way = t.lab.run("router", "ip", "-o", "route", "get", addr("n1", 4)).stdout.split()
    dev = way[way.index("dev") + 1]
    dmac, smac = mac_of(t, "n1", "eth0"), mac_of(t, "router", dev)
    dst = socket.inet_aton(addr("n1", 4))
    frames = [syn(dmac, smac, dst, 30080, rng) for _ in range(FRAMES)]
    pause, due = BATCH / RATE[t.mode], time.monotonic()
    with t.lab.socket("router", socket.AF_PACKET, socket.SOCK_RAW) as s:
        with inside(f"{t.lab.name}-router"):
            s.bind((dev, 0))
        for at in range(0, FRAMES, BATCH):
            for frame in frames[at:at + BATCH]:
                s.send(frame)
            now = time.monotonic()
            due = max(due + pause, now - 4 * pause)     # late: a few batches at once, not all
            time.sleep(max(0, due - now))


def dial_all(t, n):
    ret = []
    with inside(f"{t.lab.name}-client"):
        for _ in range(n):
            s = socket.socket()
            s.settimeout(TIMEOUT)
            s.connect((addr("n1", 4), 30080))
            ret.append(s)
    return ret


def alive(streams):
    """How many answer. A batch is asked before the first of it is heard."""
    heard = 0
    for at in range(0, len(streams), BATCH):
        batch = list(enumerate(streams[at:at + BATCH], at))
        for i, s in batch:
            with contextlib.suppress(OSError):
                s.sendall(struct.pack("!I", i))
        for i, s in batch:
            with contextlib.suppress(OSError):
                heard += s.recv(16) == struct.pack("!I", i)
    return heard


def answer_by_cookies(t, host):
    """The host does not remember whom it answered: else thousands of timers send again what nobody
    wants to hear, all at once."""
    t.lab.run(host, "sysctl", "-qw", "net.ipv4.tcp_syncookies=2")


def run(t):
    live = LIVE[t.mode]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, live + 1000), max(hard, live + 1000)))
    hosts = ("n2p1", "n2p2")
    servers = []
    for host in hosts:
        answer_by_cookies(t, host)
        ready = multiprocessing.Event()
        servers.append(multiprocessing.Process(target=serve, daemon=True, args=(
            f"{t.lab.name}-{host}", addr(host, 4), ready)))
        servers[-1].start()
        t.check(ready.wait(TIMEOUT), f"server in {host}")
    try:
        t.lab.apply(*nodes(), service("web", 80, {"app": "web"}, target=PORT),
                    *[pod(h) for h in hosts])
        streams = dial_all(t, live)
        t.equal(alive(streams), live, "all connections answer")
        before = drops()
        flood(t)
        t.equal(alive(streams), live, f"connections that live after {FRAMES} SYNs, "
                f"{drops() - before} packets lost at the CPUs' queues")
        more = dial_all(t, 20)
        t.equal(alive(more), 20, "new connections after the flood")
        for s in streams + more:
            s.close()
    finally:
        for s in servers:
            s.kill()
            s.join()
