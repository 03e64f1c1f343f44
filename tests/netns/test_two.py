# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Two clusters with the same addresses side by side on one machine do not meet."""
from bench import BENCH
from lab import Lab, addr, cluster_ip
from objects import nodes, one

MODES = ("native",)


def run(t):
    first = t.lab
    first.apply(*nodes(), *one("mine", 90, "n2p1"))
    with Lab(t.name + "b") as second:
        second.attach(t.mode)
        second.apply(*nodes(), *one("theirs", 90, "n1p1"))
        for lab, want, name in ((first, "n2p1", "mine"), (second, "n1p1", "theirs")):
            for _ in range(5):
                for host, to, port in (("client", addr("n1", 4), 30090),
                                       ("n1p2", cluster_ip(90, 6), 80)):
                    got = t.tries(lambda: lab.ask(host, to, port), f"{lab.name}: {host}")
                    t.equal(got and got[0], want, f"{lab.name}: {host}")
            got = lab.service_stats("n1", name, "tcp")
            t.check(10 <= got["connectionsOpened"] <= 10 + len(BENCH.repeated),
                    f"{lab.name}: its own counters", got)
    got = t.tries(lambda: first.ask("client", addr("n1", 4), 30090), "after the other has gone")
    t.equal(got and got[0], "n2p1", "after the other has gone")
