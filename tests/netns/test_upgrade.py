# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What another version of sluice attached serves on untouched, until `detach --all` of this one."""
import json
import os

from lab import Lab, addr, wait_for
from objects import web
from test_detach import alive, bpftool, compare, facts, ids_of

OWN_LAB = True
MODES = ("native", "off")
OTHER = "v4711"

REFUSED = (
    ("status",),
    ("stats",),
    ("sync",),
    ("attach", "eth0"),
    ("attach", "--workload", "veth-p1"),
    ("detach", "eth0"),
)


def tree(lab, node):
    top = f"/sys/fs/bpf/sluice/{lab.instance(node)}"
    return [os.path.join(top, name) for name in os.listdir(top)]


def programs(lab, node):
    net = json.loads(lab.run(node, "bpftool", "-j", "net").stdout)
    return sorted(str(p) for part in net for rows in part.values() for p in rows)


def refuses(t, node, words, said):
    got = t.lab.sluice(node, *words, check=False)
    what = " ".join(words)
    t.check(got.returncode == 1, f"{what}: exit status", got.returncode)
    t.check(said in got.stderr and "detach --all" in got.stderr, f"{what}: message", got.stderr)


def other_version(t):
    """The tree under another version's name: all that another version would leave."""
    lab = t.lab
    mine = tree(lab, "n1")[0]
    other = os.path.join(os.path.dirname(mine), OTHER)
    os.rename(mine, other)
    before = programs(lab, "n1")
    for words in REFUSED:
        refuses(t, "n1", words, OTHER[1:])
    t.equal(tree(lab, "n1"), [other], "refused: pins")
    t.equal(programs(lab, "n1"), before, "refused: programs on devices")
    t.tries(lambda: lab.ask("client", addr("n1", 4), 30080), "refused: the other version serves")


def other_shape(t):
    """The same version's name, and a map that is not what it should be."""
    lab = t.lab
    path = tree(lab, "n2")[0] + "/maps/sluice_settings"
    os.unlink(path)
    bpftool("map", "create", path, "type", "array", "key", "4", "value", "8", "entries", "1",
            "name", "other")
    for words in REFUSED:
        refuses(t, "n2", words, "sluice_settings")
    t.tries(lambda: lab.ask("client", addr("n2", 4), 30080), "another shape: it serves")


def all_is_gone(t, node, before):
    lab = t.lab
    got = lab.sluice(node, "detach", "--all").stdout
    t.check("eth0: detached" in got, f"{node}: detach --all says what it did", got)
    t.check(not os.path.exists(f"/sys/fs/bpf/sluice/{lab.instance(node)}"), f"{node}: pins")
    compare(t, node, before, facts(lab, node))


def run(t):
    with Lab(t.name) as t.lab:
        lab = t.lab
        before = {node: facts(lab, node) for node in ("n1", "n2")}
        lab.attach(t.mode)
        lab.apply(*web())
        t.tries(lambda: lab.ask("client", addr("n1", 4), 30080), "attached: traffic")
        ids = dict(zip(("prog", "map", "link"), ids_of(lab)))
        other_version(t)
        other_shape(t)
        for node in ("n1", "n2"):
            all_is_gone(t, node, before[node])
        for kind, mine in ids.items():
            wait_for(lambda kind=kind, mine=mine: not alive(kind, mine))
            t.equal(alive(kind, mine), [], f"{kind}s that live on")
        lab.attach(t.mode)
        got = t.tries(lambda: lab.ask("client", addr("n1", 4), 30080), "attached again: traffic")
        t.check(got, "attached again: what was applied answers")
