# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""`stats -o json` says what was sent: exactly for UDP, within the protocol's own for TCP."""
import os

from bench import BENCH
from lab import addr, cluster_ip, echo, wait_for
from objects import nodes, one, service

SENT = 50
PAYLOAD = b"echo " + b"x" * 195
HEADERS = {4: 28, 6: 48}


def datagrams(t, host, to, port, count=SENT):
    """From one socket: one flow, answered."""
    with t.lab.dial(host, to, port, "udp") as s:
        for _ in range(count):
            s.send(PAYLOAD)
            s.recv(1000)


def udp(t, host, family, to, port, service_name, node="n1"):
    title = f"{host} → {service_name} UDP IPv{family}"

    def measured():
        before = t.lab.service_stats(node, service_name, "udp")
        datagrams(t, host, to, port)
        return before, t.lab.service_stats(node, service_name, "udp")

    before, after = t.tries(measured, title) or ({}, {})
    if not after:
        return
    for key, want in (("packetsIn", SENT), ("packetsOut", SENT),
                      ("bytesIn", SENT * (len(PAYLOAD) + HEADERS[family])),
                      ("bytesOut", SENT * (len(PAYLOAD) + HEADERS[family])),
                      ("connectionsOpened", 1)):
        t.equal(after[key] - before[key], want, f"{title}: {key}")
        t.equal(sum(b[key] for b in after["backends"]), after[key],
                f"{title}: {key} of the backends together")


def tcp(t, host, to, port, name):
    title = f"{host} → {name} TCP"
    data = os.urandom(3_000_000)

    def transfers():
        before = t.lab.service_stats("n1", name, "tcp")
        for _ in range(5):
            with t.lab.dial(host, to, port, timeout=30) as s:
                if echo(s, data) != data:
                    raise ValueError("bytes differ")
        return before, t.lab.service_stats("n1", name, "tcp")

    before, after = t.tries(transfers, title) or ({}, {})
    if not after:
        return
    delta = {k: after[k] - before[k] for k in after if isinstance(after[k], int)}
    t.equal(delta["connectionsOpened"], 5, f"{title}: connectionsOpened")
    for way in ("In", "Out"):
        payload = 5 * len(data)
        t.check(payload < delta["bytes" + way] < 1.1 * payload, f"{title}: bytes{way}",
                f"{delta['bytes' + way]} for {payload} of payload")
        t.check(delta["packets" + way] >= payload / 1460, f"{title}: packets{way}",
                f"{delta['packets' + way]} cannot carry {payload} bytes")
    t.check(wait_for(lambda: t.lab.service_stats("n1", name, "tcp")["connectionsActive"] == 0),
            f"{title}: connectionsActive goes back to 0")


def active(t):
    """A connection counts while it is open."""
    with t.lab.dial("client", addr("n1", 4), 30090) as s:
        s.sendall(b"who\n")
        s.recv(100)
        got = t.lab.service_stats("n1", "far", "tcp")
        t.equal(got["connectionsActive"], 1, "connectionsActive while one is open")


def refused(t):
    def drops(node):
        rows = [s for s in t.lab.sluice_json(node, "stats")["services"]
                if s["service"] == "none" and s["protocol"] == "UDP"]
        return sum(r["drops"].get("noBackend", 0) for r in rows)

    def refuse():
        before = drops("n1")
        for _ in range(7):
            refused_once()
        counted.append(drops("n1") - before)
        return counted[-1] == 7

    def refused_once():
        with t.lab.dial("client", addr("n1", 4), 30093, "udp") as s:
            s.send(b"who")
            try:
                s.recv(100)
            except OSError:
                pass
    counted = []
    BENCH.fair_check(refuse)
    t.equal(counted[-1], 7, "noBackend after 7 datagrams to a service without backends")


def run(t):
    t.lab.apply(*nodes(), *one("far", 90, "n2p1"), *one("near", 91, "n1p1"),
                *one("host", 92, "n1"), service("none", 93, {"no": "body"}))
    for family in (4, 6):
        for n, name in ((90, "far"), (91, "near"), (92, "host")):
            udp(t, "client", family, addr("n1", family), 30000 + n, name)
            udp(t, "n1p2", family, cluster_ip(n, family), 80, name)
            udp(t, "n1", family, cluster_ip(n, family), 80, name)
    tcp(t, "client", addr("n1", 4), 30090, "far")
    tcp(t, "n1p2", cluster_ip(91, 6), 80, "near")
    tcp(t, "n1", cluster_ip(90, 4), 80, "far")
    active(t)
    refused(t)
