# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""loadBalancerSourceRanges, as manifests have them: who is in a range is served, who is not is
dropped and counted, changes hold for the next connection; other addresses stay open to all."""
from bench import BENCH
from lab import SILENCE, TIMEOUT, addr
from objects import service, web

VIP = {4: "198.51.100.80", 6: "2001:db8:51::80"}
HOSTS = ("n1p1", "n1p2")


def balancer(*ranges):
    lb = service("lb", 81, {"app": "web"}, type="LoadBalancer")
    if ranges:
        lb["spec"]["loadBalancerSourceRanges"] = list(ranges)
    lb["status"] = {"loadBalancer": {"ingress": [{"ip": ip} for ip in VIP.values()]}}
    return lb


def served(t, host, to, port=80, proto="tcp", wanted=True):
    """@wanted: how long it waits for an answer."""
    def ask():
        return t.lab.ask_once(host, to, port, proto, TIMEOUT if wanted else SILENCE)

    try:
        BENCH.fair(ask) if wanted else ask()
    except OSError:
        return False
    return True


def who_is_served(t, title, want4, want6):
    for family, want in ((4, want4), (6, want6)):
        for proto in ("tcp", "udp"):
            got = {h for h in HOSTS
                   if served(t, h, VIP[family], proto=proto, wanted=h in want)}
            t.equal(got, set(want), f"{title}: {proto}{family}")
    t.equal(t.lab.sluice("n1", "sync").stdout.strip(), "maps are up to date", f"{title}: sync")


def drops(t):
    return sum(s["drops"]["sourceRange"] for s in t.lab.sluice_json("n1", "stats")["services"]
               if s["service"] == "lb")


def run(t):
    t.lab.apply(*web())
    t.lab.apply(balancer(), nodes=["n1"])
    who_is_served(t, "no ranges", HOSTS, HOSTS)
    t.equal(drops(t), 0, "no ranges, no drops")

    said = t.lab.warnings("n1", balancer(f"{addr('n1p1', 4)}/32", f"{addr('n1p2', 6)}/128"))
    t.equal(said, "", "apply does not warn")
    who_is_served(t, "one of each family", ["n1p1"], ["n1p2"])
    t.check(drops(t) >= 4, "drops are counted", drops(t))
    t.check(served(t, "client", addr("n1", 4), 30081), "the node port is open")
    t.check(served(t, "client", addr("n1", 6), 30081), "the node port is open, IPv6")

    with t.lab.dial("n1p1", VIP[4], 80) as before:
        t.lab.apply(balancer(f"{addr('n1p2', 4)}/32"), nodes=["n1"])
        before.sendall(b"who\n")
        t.check(before.recv(200), "an open connection goes on")
    who_is_served(t, "IPv4 alone leaves IPv6 open", ["n1p2"], HOSTS)

    t.lab.apply(balancer("0.0.0.0/1", "128.0.0.0/1", "2001:db8::/32"), nodes=["n1"])
    who_is_served(t, "two halves are all", HOSTS, [])
    t.lab.apply(balancer("255.0.0.0/32", "::/0"), nodes=["n1"])
    who_is_served(t, "nobody, and everybody", [], HOSTS)
    t.lab.apply(balancer(), nodes=["n1"])
    who_is_served(t, "cleared", HOSTS, HOSTS)
    used = {u["name"]: u["used"] for u in t.lab.sluice_json("n1", "status")["tables"]}
    t.equal(used["sourceRanges"], 0, "nothing is left in the table")
