# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What `sluice selftest` checks: TCP and UDP over both families, through ClusterIP and node
ports of both nodes, from client, pods and hosts, with the source addresses that backends see."""
import re
import subprocess

from bench import BENCH
from lab import SLUICE

OWN_LAB = True


def selftest(mode):
    """(output, exit status). Whatever happens, it gets the chance to take its lab away."""
    with subprocess.Popen([SLUICE, "selftest", "--xdp", mode], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as p:
        try:
            return p.communicate()[0], p.returncode
        except BaseException:
            p.terminate()
            raise


def run(t):
    ran = []

    def passes():
        ran.append(selftest(t.mode))
        return ran[-1][1] == 0

    BENCH.fair_check(passes)
    out, status = ran[-1]
    ok = bad = 0
    for line in out.splitlines():
        if line.startswith("ok "):
            ok += 1
            t.check(True, line)
        elif line.startswith("FAIL"):
            bad += 1
            t.check(False, line)
    last = (out.splitlines() or [""])[-1]
    t.check(re.fullmatch(rf"{ok + bad} checks, {bad} failed", last) and ok, "selftest's last line",
            out[-500:])
    t.equal(status, 1 if bad else 0, "selftest's exit status")
