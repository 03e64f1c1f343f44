# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""sessionAffinity: ClientIP: who has it stays with one pod, over all addresses of the port, until
the time runs out or the pod leaves; it is switched for the next connection."""
import json
import socket
import time

from bench import BENCH
from lab import NODES, PODS, TIMEOUT, addr, check_first_syn, cluster_ip, who
from objects import nodes, pod, service

N = 15                              # AffinityConfirmCount of the Kubernetes tests
VIP = {4: "198.51.100.80", 6: "2001:db8:51::80"}
CLIENTS_MORE = 32
CLIENTS = ("client", "n1p1", "n1")
SPREAD = "n1p2"                     # another one: a UDP port used again would find its old flow


def sticky(seconds=None):
    """seconds: None is no affinity."""
    svc = service("web", 80, {"app": "web"}, type="LoadBalancer")
    svc["status"] = {"loadBalancer": {"ingress": [{"ip": ip} for ip in VIP.values()]}}
    if seconds:
        svc["spec"].update(sessionAffinity="ClientIP",
                           sessionAffinityConfig={"clientIP": {"timeoutSeconds": seconds}})
    return svc


def asked(t, host, to, port, proto, times=N):
    return {t.lab.ask(host, to, port, proto)[0] for _ in range(times)}


def one_pod(t, host, to, port, proto, title):
    """The pod that all of them reach, or None."""
    seen = t.tries(lambda: asked(t, host, to, port, proto), title) or set()
    return seen.copy().pop() if t.equal(len(seen), 1, f"{title}: {sorted(seen)}") else None


def dials(family, host):
    """Where the host may dial the port through n1."""
    if host == "client":
        return ((addr("n1", family), 30080),)
    return ((cluster_ip(80, family), 80), (VIP[family], 80), (addr("n1", family), 30080))


def sticks(t):
    for family in (4, 6):
        for proto in ("tcp", "udp"):
            for host in CLIENTS:
                title = f"{host} {proto}{family}"
                pods = {one_pod(t, host, to, port, proto, f"{title} → {to}:{port}")
                        for to, port in dials(family, host)}
                t.equal(len(pods), 1, f"{title}: one pod through all addresses")


def nodes_agree(t):
    """Who is new to both is given the same pod by each, although neither tells the other."""
    for family in (4, 6):
        pods = {one_pod(t, "client", addr(node, family), 30080, "tcp", f"{node}, IPv{family}")
                for node in NODES}
        t.equal(len(pods), 1, f"both nodes choose alike, IPv{family}")


def spreads(t, title):
    for proto in ("tcp", "udp"):
        seen = t.lab.reached(SPREAD, cluster_ip(80, 4), 80, proto, want=PODS)
        t.equal(seen, set(PODS), f"{title}: {proto}")


def clients_differ(t):
    """The client with more addresses in its network, each a client of its own; 120 of them miss one
    pod in 10^14 runs."""
    more = [f"203.0.113.{n}" for n in range(128, 248)]
    t.lab.run("client", "ip", "-batch", "-",
              input="".join(f"address add {ip}/24 dev eth0\n" for ip in more))

    def ask(ip):
        with t.lab.socket("client", socket.AF_INET, socket.SOCK_STREAM) as s:
            s.settimeout(TIMEOUT)
            s.bind((ip, 0))
            s.connect((addr("n1", 4), 30080))
            check_first_syn(s)
            return who(s)[0]

    seen = set()
    for n, ip in enumerate(more):
        if n >= CLIENTS_MORE and seen == set(PODS):
            break
        seen.add(BENCH.fair(lambda ip=ip: ask(ip)))
    t.equal(seen, set(PODS), "many clients spread")


def moves(t):
    """Its pod leaves: another one, for good; it comes back: the same other one."""
    at = ("n1p1", cluster_ip(80, 4), 80, "tcp")
    first = one_pod(t, *at, "before the pod leaves")
    t.lab.apply(pod(first, ready=False))
    second = one_pod(t, *at, "after the pod left")
    t.check(second != first, "it moved", f"{first} → {second}")
    t.lab.apply(pod(first))
    t.equal(one_pod(t, *at, "when the pod is back"), second, "and stays")
    t.lab.sluice("n1", "sync")
    t.lab.sluice("n1", "detach", "eth0")
    t.lab.sluice("n1", "attach", "eth0", "--xdp", t.mode, "--node", "n1")
    t.equal(one_pod(t, *at, "attached again"), second, "the table outlives its programs")


def runs_out(t):
    """After a second of silence any pod: another one at last. Forty draws are all alike in one of
    10^23 runs."""
    t.lab.apply(sticky(1))
    seen = {"tcp": set(), "udp": set()}
    for _ in range(40):
        if all(len(pods) > 1 for pods in seen.values()):
            break
        time.sleep(1.2)
        for proto, pods in seen.items():
            pods |= asked(t, "n1p1", cluster_ip(80, 4), 80, proto, 1)
    for proto, pods in seen.items():
        t.check(len(pods) > 1, f"{proto}: other pods when the time is over", pods)


def run(t):
    t.lab.apply(*nodes(), sticky(), *[pod(p) for p in PODS])
    spreads(t, "None")
    t.lab.apply(sticky(3600), nodes=["n2"])
    said = t.lab.sluice("n1", "apply", "-f", "-", text=json.dumps(sticky(3600)))
    t.equal(said.stderr, "", "apply does not warn")
    sticks(t)
    nodes_agree(t)
    hits = t.lab.service_stats("n1", "web", "tcp")
    t.check(hits["connectionsOpened"] > hits["affinityHits"] >= (N - 1) * len(CLIENTS),
            "connections that affinity sent on are counted", hits)
    said = t.lab.sluice("n1", "describe", "service", "web").stdout
    t.check("TO-LAST" in said, "and described", said)
    clients_differ(t)
    used = {u["name"]: u["used"] for u in t.lab.sluice_json("n1", "status")["tables"]}
    t.check(used["affinity"] >= 3 + CLIENTS_MORE, "the table's use is shown", used["affinity"])
    t.equal(t.lab.sluice("n1", "sync").stdout.strip(), "maps are up to date", "sync")
    moves(t)
    runs_out(t)
    t.lab.apply(sticky())
    spreads(t, "None again")
    t.equal(t.lab.service_stats("n1", "web", "tcp")["affinityHits"], None, "no affinity, no count")
