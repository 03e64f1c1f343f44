# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""`ip netns exec` gives a fresh /sys: sluice works there, or refuses and names nsenter. It
never attaches something that vanishes with the command."""
import os
import subprocess

from lab import NODES, SLUICE, Lab, addr
from objects import web

OWN_LAB = True
MODES = ("native",)


def run(t):
    with Lab(t.name) as t.lab:
        lab = t.lab

        def exec_(node, *words, text=None):
            return subprocess.run(
                ["ip", "netns", "exec", f"{lab.name}-{node}", os.path.abspath(SLUICE),
                 "--instance", lab.instance(node), *words],
                env=lab.env, input=text, capture_output=True, text=True, check=False)

        for node in NODES:
            done = exec_(node, "attach", "eth0", "--node", node)
            if done.returncode:
                t.check("nsenter --net=" in done.stderr, f"{node}: refusal", done.stderr)
                shown = lab.run(node, "ip", "-d", "link", "show", "eth0").stdout
                t.check("xdp" not in shown, f"{node}: nothing attached", shown)
                continue
            t.check(lab.sluice(node, "status").returncode == 0, f"{node}: seen from outside")
            t.equal(exec_(node, "attach", "--workload", "veth*").returncode, 0, f"{node}: pods")
        if done.returncode:
            return
        lab.apply(*web())
        t.tries(lambda: lab.ask("client", addr("n1", 4), 30080), "traffic after the command")
        t.equal(exec_("n1", "stats").returncode, 0, "stats inside")
        t.equal(exec_("n1", "detach", "--all").returncode, 0, "detach inside")
        shown = lab.run("n1", "ip", "-d", "link", "show", "eth0").stdout
        t.check("xdp" not in shown, "detached", shown)
