# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kill -9 of `sluice apply` before each of its system calls that changes something, while it is
attached: connections go on, the state is the old one or the new one, and `sluice sync` makes the
maps agree with it."""
import pathlib
import sys

from lab import addr, cluster_ip, who
from objects import nodes, one
from test_kill import BACKEND, flip, node_port, text_of

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import inject  # pylint: disable=wrong-import-position

MODES = ("off",)
OTHER = {30095: 30096, 30096: 30095}


def backend(t):
    """Which pod the stored state means."""
    selector = t.lab.sluice_json("n1", "get", "service", "flip")["spec"]["selector"]
    return BACKEND[int(selector["only"][1:])]


def check_repaired(t, title):
    t.lab.sluice("n1", "sync")
    status = t.lab.sluice_json("n1", "status")
    t.equal(status["inSync"], True, f"{title}: in sync")
    port = node_port(t)
    t.equal(backend(t), BACKEND.get(port), f"{title}: old or new, not a mix")
    for f in (4, 6):
        got = t.tries(lambda f=f: t.lab.ask("client", addr("n1", f), port), f"{title}: IPv{f}")
        t.equal(got and got[0], BACKEND[port], f"{title}: backend, IPv{f}")
    return port


def run(t):
    lab = t.lab
    lab.apply(*nodes(), *one("steady", 90, "n2p1"), *flip(30095))
    long_lived = [lab.dial("client", addr("n1", 4), 30090), lab.dial("n1p1", cluster_ip(90, 6), 80)]
    port = 30095

    def apply(argv):
        return lab.run("n1", *argv, check=False, input=text_of(flip(OTHER[port])), timeout=300)

    argv = lab.sluice_words("n1", "apply", "-f", "-")
    points = inject.points(apply, argv)
    port = check_repaired(t, "no kill")
    calls = {call for call, _ in points}
    t.check({"bpf", "pwrite64", "fdatasync"} <= calls, "calls that change something", calls)

    seen = set()
    for call, number in points:
        title = f"{call} {number}"
        before = port
        # One call more or less, the other way round: then there is no call of this number.
        killed = inject.killed_at(apply, argv, call, number)
        for s in long_lived:
            t.tries(lambda s=s: who(s), f"{title}: an open connection goes on")
        t.tries(lambda: lab.ask("client", addr("n1", 4), 30090), f"{title}: another service")
        port = check_repaired(t, title)
        seen.add((killed, port != before))
    t.check({(True, False), (True, True)} <= seen, "kills before and after the commit", seen)
    for s in long_lived:
        s.close()
