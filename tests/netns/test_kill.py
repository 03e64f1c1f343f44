# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kill -9 of `sluice apply` at any moment: connections go on, the state is the old one or the
new one, and the next command makes the maps agree with it."""
import json
import subprocess
import time

from lab import NODES, addr, cluster_ip, kill, who
from objects import nodes, one, pod, service

KILLS = 60


def flip(port):
    """The service that changes: another node port, another backend."""
    objects = [service("flip", 95, {"only": f"p{port}"}),
               pod("n1p1", name="flip-a", only="p30095"), pod("n2p1", name="flip-b", only="p30096")]
    for p in objects[0]["spec"]["ports"]:
        p["nodePort"] = port
    return objects


BACKEND = {30095: "n1p1", 30096: "n2p1"}


def text_of(objects):
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def node_port(t):
    got = t.lab.sluice_json("n1", "get", "service", "flip")
    return got["spec"]["ports"][0]["nodePort"]


def killed_apply(t, port, delay):
    """None if it was killed, or how long it ran before it ended."""
    begin = time.monotonic()
    with subprocess.Popen(t.lab.in_host("n1", *t.lab.sluice_words("n1", "apply", "-f", "-")),
                          env=t.lab.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as p:
        try:
            p.stdin.write(text_of(flip(port)).encode())
            p.stdin.close()
        except BrokenPipeError:
            pass
        try:
            p.wait(delay)
        except subprocess.TimeoutExpired:
            pass
        took = time.monotonic() - begin
        kill(p)
    return None if p.returncode < 0 else took


def run(t):
    lab = t.lab
    lab.apply(*nodes(), *one("steady", 90, "n2p1"), *flip(30095))
    begin = time.monotonic()
    lab.apply(*flip(30096))
    whole = (time.monotonic() - begin) / len(NODES)

    long_lived = [lab.dial("client", addr("n1", 4), 30090), lab.dial("n1p1", cluster_ip(90, 6), 80),
                  lab.dial("n1", cluster_ip(90, 4), 80)]
    port, killed = 30096, 0
    for i in range(KILLS):
        wanted = 30095 if port == 30096 else 30096
        took = killed_apply(t, wanted, whole * i / KILLS)
        killed += took is None
        whole = took or whole   # a machine that others use has no speed of its own
        for s in long_lived:
            t.tries(lambda s=s: who(s), f"kill {i}: an open connection goes on")
        port = node_port(t)
        t.check(port in BACKEND, f"kill {i}: node port", f"neither old nor new: {port}")
        t.tries(lambda: lab.ask("client", addr("n1", 4), 30090), f"kill {i}: another service")

        if i % 4 == 0:      # the next command repairs the maps
            lab.apply(*flip(port), nodes=["n1"])
            got = t.tries(lambda: lab.ask("client", addr("n1", 4), port), f"kill {i}: repaired")
            t.equal(got and got[0], BACKEND[port], f"kill {i}: backend after the repair")
    t.check(killed > KILLS / 4, "kills that met a running apply", f"{killed} of {KILLS}")
    for s in long_lived:
        s.close()
