# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A change that does not fit into a table is refused before anything of it is written."""
import pathlib
import sys
import tempfile

from test_kill import text_of

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import inject  # pylint: disable=wrong-import-position

MODES = ("off",)
TABLE = 131072          # frontends of IPv4: a row for each address and port, and one for each ClusterIP
PORTS = 128
ADDRESSES = 128
SERVICES = 8            # with ports x addresses each they nearly fill it


def service(name, n, ports, external):
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"clusterIP": f"10.96.200.{n}", "externalIPs": external,
                 "ports": [{"name": f"p{i}", "port": 1000 + i} for i in range(ports)]},
    }


def filler(n, ports=PORTS):
    return service(f"filler-{n}", n, ports, [f"203.0.{n}.{i}" for i in range(1, ADDRESSES)])


def fillers():
    """All rows of the table, one service without external addresses being the rest."""
    all_of = [filler(n) for n in range(SERVICES - 1)] + [filler(SERVICES - 1, PORTS - 1)]
    rows = sum(len(s["spec"]["ports"]) * ADDRESSES + 1 for s in all_of)
    return all_of + [service("rest", 98, TABLE - rows - 1, [])]


def apply_traced(t, *objects):
    """What apply says, and its first calls that change a map."""
    with tempfile.NamedTemporaryFile("r", prefix="sluice-strace-") as log:
        argv = t.lab.sluice_words("n1", "apply", "-f", "-")
        done = t.lab.run("n1", "strace", "-qq", "-o", log.name, "-etrace=bpf", *argv, check=False,
                         input=text_of(objects))
        return done, [line for line in log if inject.ONLY["bpf"].search(line)][:3]


def run(t):
    lab = t.lab
    lab.apply(*fillers(), nodes=("n1",))
    extra = service("extra", 99, 1, [])
    done, writes = apply_traced(t, extra)
    t.equal(done.returncode, 1, "one more is refused")
    t.check(f"no room for {TABLE + 2} IPv4 frontends" in done.stderr, "and it says why", done.stderr)
    t.equal(writes, [], "calls that change a map")
    t.equal(lab.sluice_json("n1", "status")["inSync"], True, "in sync after it")

    lab.sluice("n1", "delete", "service", "filler-3")
    done, writes = apply_traced(t, extra)
    t.equal(done.returncode, 0, "with room it is taken")
    t.check(writes, "calls that change a map, now", writes)
    done, writes = apply_traced(t, filler(3))
    t.equal(done.returncode, 1, "and counts")
    t.equal(writes, [], "calls that change a map, with it")
