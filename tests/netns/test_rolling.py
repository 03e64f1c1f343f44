# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Rolling replacement of all endpoints for a minute, as a Deployment does it: a pod terminates while
it still serves, goes, and another takes its place. Short connections by the hundred a second, and
200 long ones: none of them may fail, whichever way they came."""
import time

from lab import PODS, addr, cluster_ip
from load import Long, Short
from objects import pod, web

MODES = ("native", "off")
SECONDS = {"native": 60, "off": 15}
PATHS = (("client", addr("n1", 4), 30080), ("client", addr("n2", 6), 30080),
         ("n1p1", cluster_ip(80, 4), 80), ("n2", cluster_ip(80, 6), 80))


def terminating(host):
    p = pod(host)
    p["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    p["metadata"]["deletionGracePeriodSeconds"] = 30
    return p


def run(t):
    failed = []

    def done(begin, end, name, error):
        if error:
            failed.append(f"after {end - begin:.2f} s: {error!r}")

    t.lab.apply(*web())
    long_lived = [Long(t.lab, *path, 50) for path in PATHS]
    short = [Short(t.lab, *path, 50, done) for path in PATHS]
    start, rounds = time.monotonic(), 0
    while time.monotonic() < start + SECONDS[t.mode]:
        host = PODS[rounds % len(PODS)]
        t.lab.apply(terminating(host))
        t.lab.delete(pod(host))
        t.lab.apply(pod(host))
        rounds += 1
    for s in short + long_lived:
        s.stop()
    for s, path in zip(short, PATHS):
        t.check(s.asked > 50, f"short connections {path}", s.asked)
    t.check(not failed, "short connections do not fail",
            f"{len(failed)} of {sum(s.asked for s in short)}: {failed[:3]}")
    for s, path in zip(long_lived, PATHS):
        t.check(s.asked > 50 and not s.errors, f"long connections {path}",
                f"{len(s.errors)} of {s.asked}: {s.errors[:3]}")
    t.check(rounds >= len(PODS), "every pod was replaced", f"{rounds} replacements")
