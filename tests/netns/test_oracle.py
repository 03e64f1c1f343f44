# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""500 random changes of Services and endpoints under load, and an oracle: whatever becomes of a new
connection must be what some state would do that was in force between its first packet and its end.
A change is in force somewhere between the start of its command and the end of it. The changes are
the same each time; SEED=N makes others."""
import os
import random
import threading
import time

from lab import PODS, addr
from load import Short
from objects import nodes, pod, service

MODES = ("native", "off")
CHANGES = 500
CHANGES_AT_MOST = 5000
MET = 10        # times, each outcome
TIMEOUT = 1.0   # some of them are meant to be dropped
LOCAL = {"n1p1", "n1p2"}
# name: (number, externalTrafficPolicy)
SERVICES = {"all": (81, "Cluster"), "near": (82, "Local"), "other": (83, "Cluster")}
REFUSED, DROPPED = "refused", "dropped"


class Oracle:
    """Every state with the time when it may have begun and when its successor was whole."""

    def __init__(self, state):
        self.lock = threading.Lock()
        self.states = [[0.0, float("inf"), self.answers(state)]]

    @staticmethod
    def answers(state):
        """For each Service the backends that a connection may reach, or how it is refused."""
        ret = {}
        for name, (_, policy) in SERVICES.items():
            ready = {host for host, of in state["pods"].items() if name in of}
            if name not in state["services"] or not ready:
                ret[name] = {REFUSED}
            elif policy == "Local":
                ret[name] = ready & LOCAL or {DROPPED}
            else:
                ret[name] = ready
        return ret

    def changes(self, state):
        """Before the command: from now on both states may hold."""
        with self.lock:
            self.states.append([time.monotonic(), float("inf"), self.answers(state)])

    def changed(self):
        with self.lock:
            self.states[-2][1] = time.monotonic()

    def allows(self, name, begin, end):
        with self.lock:
            return set().union(*(a[name] for s, e, a in self.states if s <= end and e >= begin))


def outcome(name, error):
    if error is None:
        return name
    return REFUSED if isinstance(error, ConnectionRefusedError) else DROPPED


def pod_of(host, of):
    """A pod that belongs to the Services named: each selects a label of its own."""
    return pod(host, **{name: "yes" for name in of})


def change(t, rng, state):
    """One step of the state; returns the command that makes it true."""
    if rng.random() < 0.2:
        name = rng.choice(list(SERVICES))
        n, policy = SERVICES[name]
        svc = service(name, n, {name: "yes"}, externalTrafficPolicy=policy)
        if name in state["services"]:
            state["services"].remove(name)
            return lambda: t.lab.delete(svc, nodes=["n1"])
        state["services"].add(name)
        return lambda: t.lab.apply(svc, nodes=["n1"])
    host = rng.choice(PODS)
    if host in state["pods"] and rng.random() < 0.4:
        del state["pods"][host]
        return lambda: t.lab.delete(pod(host), nodes=["n1"])
    of = {name for name in SERVICES if rng.random() < 0.7}
    state["pods"][host] = of
    return lambda: t.lab.apply(pod_of(host, of), nodes=["n1"])


def run(t):
    seed = int(os.environ.get("SEED", MODES.index(t.mode)))
    rng = random.Random(seed)
    state = {"services": set(SERVICES), "pods": {host: set(SERVICES) for host in PODS}}
    t.lab.apply(*nodes(), *[pod_of(h, of) for h, of in state["pods"].items()],
                *[service(name, n, {name: "yes"}, externalTrafficPolicy=policy)
                  for name, (n, policy) in SERVICES.items()], nodes=["n1"])
    oracle, wrong, seen = Oracle(state), [], {}

    def judge(service_name):
        def done(begin, end, name, error):
            got = outcome(name, error)
            seen[got] = seen.get(got, 0) + 1
            allowed = oracle.allows(service_name, begin, end)
            if got not in allowed:
                wrong.append(f"{service_name}: {got} {error!r}, {sorted(allowed)} allowed")
        return done

    loads = [Short(t.lab, "client", addr("n1", family), 30000 + SERVICES[name][0], 40, judge(name), TIMEOUT)
             for name in SERVICES for family in (4, 6)]

    def met():
        return all(seen.get(k, 0) > MET for k in (*PODS, REFUSED))

    changes = 0
    while changes < CHANGES or (not met() and changes < CHANGES_AT_MOST):
        changes += 1
        command = change(t, rng, state)
        oracle.changes(state)
        command()
        oracle.changed()
    for load in loads:
        load.stop()
    t.check(not wrong, f"seed {seed}: {changes} changes", f"{len(wrong)} wrong: {wrong[:5]}")
    t.check(met(), "everything was met", seen)
    t.equal(t.lab.sluice("n1", "sync").stdout.strip(), "maps are up to date", "sync")
