# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A thousand connections, one after the other, reach all backends about equally."""
import collections

from lab import PODS, addr, cluster_ip
from objects import web

N = 1000
# 250 expected of each, standard deviation 13.7: eight of them are left once in 10^14 runs.
BOUND = 8 * (N * 1 / 4 * 3 / 4) ** 0.5


def run(t):
    t.lab.apply(*web())
    for host, to, port, proto in (("client", addr("n1", 4), 30080, "tcp"),
                                  ("client", addr("n2", 6), 30080, "udp"),
                                  ("n1p1", cluster_ip(80, 4), 80, "tcp"),
                                  ("n1", cluster_ip(80, 6), 80, "udp")):
        title = f"{host} → {to}:{port}/{proto}"
        seen, failed = collections.Counter(), []
        for _ in range(N):
            try:
                seen[t.lab.ask(host, to, port, proto)[0]] += 1
            except OSError as e:
                failed.append(repr(e))
                if len(failed) > 3:
                    break
        t.check(not failed, title, f"failed: {failed}")
        for pod in PODS:
            t.check(abs(seen[pod] - N / 4) <= BOUND, title, f"uneven: {dict(seen)}")
