# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Backends change under load: no connection fails, for every backend that was ever named
lives; open TCP connections stay where they are; UDP moves at the next packet."""
import threading
import time

from bench import BENCH
from lab import PODS, addr, cluster_ip, who
from objects import pod, web

SECONDS = 6
SECONDS_AT_MOST = 90
AT_ONCE = 0.9       # seconds: not after a second SYN


class Load(threading.Thread):
    """Asks again and again over new connections."""

    def __init__(self, lab, host, to, port, proto):
        super().__init__(daemon=True)   # must not outlive a test that ends in the middle
        self.where = (host, to, port, proto)
        self.lab, self.asked, self.failed, self.on = lab, 0, [], True
        self.start()

    def run(self):
        while self.on:
            self.asked += 1
            try:
                self.lab.ask(*self.where)
            except OSError as e:
                self.failed.append(f"no. {self.asked}: {e!r}")


def change(t, loads):
    """Takes pods out and in, by readiness and by deletion, on both nodes."""
    start, rounds = time.monotonic(), 0
    # For so long; on a slow machine for as many changes and requests as make a test of it.
    while time.monotonic() < start + SECONDS or (
        (rounds < 4 or any(load.asked <= 20 for load in loads))
        and time.monotonic() < start + SECONDS_AT_MOST
    ):
        host = PODS[rounds % len(PODS)]
        if rounds % 2:
            t.lab.apply(pod(host, ready=False))
        else:
            t.lab.delete(pod(host))
        t.lab.apply(pod(host))
        rounds += 1
    for load in loads:
        load.on = False
    for load in loads:
        load.join()
        t.check(load.asked > 20 and not load.failed, f"load {load.where}",
                f"{len(load.failed)} of {load.asked} failed: {load.failed[:3]}")
    t.check(rounds > 3, "changes under load", f"only {rounds}")


def established(t):
    """A removed backend keeps its TCP connections, and loses UDP flows to the others."""
    streams = [t.lab.dial("client", addr("n1", 4), 30080) for _ in range(12)]
    flows = [t.lab.dial("n1p1", cluster_ip(80, 4), 80, "udp") for _ in range(12)]
    before = [who(s)[0] for s in streams]
    moved = [BENCH.fair(lambda s=s: who(s))[0] for s in flows]
    while "n2p1" not in moved and len(flows) < 400:
        flows.append(t.lab.dial("n1p1", cluster_ip(80, 4), 80, "udp"))
        moved.append(BENCH.fair(lambda s=flows[-1]: who(s))[0])
    t.check("n2p1" in moved, "a UDP flow reaches n2p1", moved)
    t.lab.delete(pod("n2p1"))
    for s, name in zip(streams, before):
        got = t.tries(lambda s=s: who(s), f"open connection to {name}")
        t.equal(got and got[0], name, "open connection stays")
    for s, name in zip(flows, moved):
        got = t.tries(lambda s=s: who(s), f"UDP flow to {name}")
        if name == "n2p1":
            t.check(got and got[0] != "n2p1", "UDP flow of a removed backend moves", got)
        else:
            t.equal(got and got[0], name, "UDP flow of a living backend stays")
    for s in streams + flows:
        s.close()
    t.lab.apply(pod("n2p1"))


def refusal(t, proto):
    """How a connection fails, and in what time. A machine that stands still does not count."""
    def ask():
        begin = time.monotonic()
        try:
            told.append(t.lab.ask_once("client", addr("n1", 4), 30080, proto))
        except OSError as e:
            told.append(e)
        took.append(time.monotonic() - begin)
        return took[-1] < AT_ONCE

    told, took = [], []
    BENCH.fair_check(ask)
    return told[-1], took[-1]


def run(t):
    t.lab.apply(*web())
    established(t)
    change(t, [Load(t.lab, "client", addr("n1", 4), 30080, "tcp"),
               Load(t.lab, "client", addr("n2", 6), 30080, "udp"),
               Load(t.lab, "n1p1", cluster_ip(80, 4), 80, "tcp"),
               Load(t.lab, "n2", cluster_ip(80, 6), 80, "udp")])
    t.lab.delete(*[pod(p) for p in PODS])
    for proto in ("tcp", "udp"):
        got, took = refusal(t, proto)
        t.check(isinstance(got, ConnectionRefusedError), f"no pods left, {proto}: refused", got)
        t.check(took < AT_ONCE, f"no pods left, {proto}: at once", f"{took:.2f} s")
