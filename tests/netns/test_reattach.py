# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Attaching again, with another XDP mode too, costs no connection."""
from lab import NODES, addr, cluster_ip, wait_for, who
from objects import web
from test_churn import Load

MODES = ("native",)


def run(t):
    lab = t.lab
    lab.apply(*web())
    streams = [lab.dial("client", addr("n1", 4), 30080) for _ in range(8)]
    streams += [lab.dial("n1p1", cluster_ip(80, 6), 80) for _ in range(8)]
    names = [who(s)[0] for s in streams]
    loads = [Load(lab, "n1p1", cluster_ip(80, 4), 80, "tcp"),
             Load(lab, "client", addr("n1", 6), 30080, "tcp")]
    for mode in ("native", "generic", "off", "native", "native"):
        for node in NODES:
            lab.sluice(node, "attach", "eth0", "--xdp", mode, "--node", node)
            lab.sluice(node, "attach", "--workload", "veth*")
        asked = [load.asked for load in loads]
        wait_for(lambda: all(l.asked > n + 20 for l, n in zip(loads, asked)))
        for s, name in zip(streams, names):
            got = t.tries(lambda s=s: who(s), f"after {mode}: open connection")
            t.equal(got and got[0], name, f"after {mode}: open connection")
    for load in loads:
        load.on = False
        load.join()
        # A veth drops what is on its way when its program changes.
        few = len(load.failed) <= max(3, load.asked // 1000)
        t.check(few, f"load {load.where}", f"{len(load.failed)} of {load.asked}: {load.failed[:3]}")
    for s in streams:
        s.close()
