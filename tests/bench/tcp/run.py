#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""TCP through a node, as processes see it: connections/s, requests/s and their latency, and bulk
both ways, for a pod that dials a ClusterIP and a client that dials a node port, with the endpoint
on this node or on another; beside plain forwarding and what a user would pick instead.

Every contender has a network of its own. All stand side by side and a round goes over them, so
that what the machine does meanwhile hits all alike. Client and server share one CPU, unless told
otherwise: then a rate is the price of everything on the packets' way.
"""
import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

# pylint: disable=wrong-import-position
from place import Place, SluiceTc, SluiceXdp, XdpPass  # noqa: E402  also finds ../e2e
from report import Row, table, with_ratios, write  # noqa: E402
from rivals import RIVALS, Failed  # noqa: E402

BASES = ("direct", "nftables", "xdp-pass")
IMPATIENCE = 30     # seconds that a client may take longer than it was told


@dataclasses.dataclass(frozen=True)
class Path:
    name: str
    source: str
    backend: str
    node_port: bool = False

    def is_for(self, contender):
        """Packets that go through no uplink see no difference between some contenders."""
        return self.source == "client" or self.backend == "far" or contender not in XDP_MATTERS


PATHS = {p.name: p for p in (
    Path("pod-clusterip-local", "pod", "near"),
    Path("pod-clusterip-remote", "pod", "far"),
    Path("client-nodeport-remote", "client", "far", node_port=True),
    Path("client-nodeport-local", "client", "near", node_port=True),
)}

CONTENDERS = {
    "direct": RIVALS["none"],
    "xdp-pass": XdpPass,
    "nftables": RIVALS["nftables"],
    "iptables-nft": RIVALS["iptables-nft"],
    "iptables-legacy": RIVALS["iptables-legacy"],
    "sluice": SluiceTc,
    "sluice-xdp": SluiceXdp,
}
XDP_MATTERS = ("xdp-pass", "sluice-xdp")     # at the uplinks only they differ from another

ASKING = ("connections", "requests")
BULK = ("upload", "download")
FAILURES = ("refused", "reset", "closed", "wrong", "noPort", "stuck", "other")


# --- measuring ------------------------------------------------------------------


class Bench:
    def __init__(self, args, places):
        self.args, self.places = args, places
        self.results = {}       # (case, contender) → one object a round

    def measure(self, path, load, case, contender):
        place, cpus = self.places[contender], self.args.cpus
        if load == "connections":
            place.rival.flush()
        words = place.client(path, load, cpus[0], "-c", str(self.args.concurrency),
                             "-s", str(self.args.seconds), "-w", str(self.args.warm_up))
        done = subprocess.run(words, capture_output=True, text=True, check=False,
                              timeout=self.args.seconds + self.args.warm_up + IMPATIENCE)
        if done.returncode:
            raise Failed(f"{case}/{contender}: {done.stderr.strip()}")
        self.results.setdefault((case, contender), []).append(json.loads(done.stdout))

    def case(self, path, load, case, turn):
        """One sample of each contender; who is first changes from round to round."""
        takes_part = [c for c in self.places if path.is_for(c)]
        for i in range(len(takes_part)):
            self.measure(path, load, case, takes_part[(i + turn) % len(takes_part)])

    def round(self, turn):
        for path in self.args.paths:
            for load in (load for load in ASKING if load in self.args.loads):
                self.case(path, load, f"{path.name}/{load}", turn)
        for state in self.args.offloads if set(BULK) & set(self.args.loads) else ():
            for place in self.places.values():
                place.offloads(state == "on")
            for path in self.args.paths:
                for load in (load for load in BULK if load in self.args.loads):
                    self.case(path, load, f"{path.name}/{load}/offloads={state}", turn)
            for place in self.places.values():
                place.offloads(True)


# --- reporting ------------------------------------------------------------------


def metric(case, what):
    """The case's name for another of its figures: behind the load, before any parameter."""
    path, load, *parameters = case.split("/")
    return "/".join([path, f"{load}-{what}", *parameters])


def figures(case, results):
    """(case, unit, samples) of one contender's results."""
    bulk = "microseconds" not in results[0]
    yield case, "Gbit/s" if bulk else "1/s", [r["rate"] for r in results]
    if not bulk:
        for part in ("p50", "p99"):
            yield metric(case, part), "us", [r["microseconds"][part] for r in results]
    yield metric(case, "cpu"), "ns/byte" if bulk else "ns", [r["cpuNanoseconds"] for r in results]


def wrongs(case, results):
    """(case, unit, samples) of what should not have happened, where it did."""
    counts = {"resent": [r["resent"] for r in results],
              **{name: [r["failures"][name] for r in results] for name in FAILURES}}
    for name, samples in counts.items():
        if any(samples):
            yield metric(case, name), "count", samples


def rows_of(results, how):
    order = list(CONTENDERS)
    found = [Row(f"tcp/{case}/{contender}", unit, samples)
             for (first_case, contender), of in results.items()
             for case, unit, samples in how(first_case, of)]
    cases = list(dict.fromkeys(r.case for r in found))
    return sorted(found, key=lambda r: (cases.index(r.case), order.index(r.contender)))


def report(args, results):
    dead = {key: of for key, of in results.items() if not all(r["rate"] for r in of)}
    alive = {key: of for key, of in results.items() if key not in dead}
    rows = with_ratios(rows_of(alive, figures), BASES)
    for r in rows:
        if r.contender != "sluice-xdp":     # for others it says nothing
            r.ratios.pop("xdp-pass", None)
    bad = rows_of(results, wrongs)
    shown = [r for r in rows if args.all or r.unit in ("1/s", "Gbit/s") or "-p99" in r.case]
    print(table(shown, BASES))
    for case, contender in dead:
        print(f"\n{case}/{contender}: nothing went through, in one round at least")
    failed = [r for r in bad if args.all or "-resent" not in r.case]
    print("\nfailures, by round:" if failed else "\nno failures")
    for r in failed:
        print(f"  {r.case}/{r.contender}: {' '.join(map(str, r.samples))}")
    if args.json:
        write(args.json, "tcp", rows + bad)


# --- command line ---------------------------------------------------------------


def several(choices):
    """A comma-separated list of some of the choices, in their own order."""
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in choices:
                raise argparse.ArgumentTypeError(
                    f"'{name}' is none of {', '.join(choices)}")
        return [c for c in choices if c in names]
    return parse


def cpu_pair(text):
    cpus = [int(n) for n in text.split(",")]
    if not 1 <= len(cpus) <= 2 or not set(cpus) <= os.sched_getaffinity(0):
        raise argparse.ArgumentTypeError(f"'{text}' is not one or two CPUs of this machine")
    return cpus[0], cpus[-1]


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    p.add_argument("--tool", default="build/bench/tcp/tcp", help="the client and server")
    p.add_argument("-j", "--json", metavar="FILE", help="write all figures here")
    p.add_argument("-r", "--rounds", type=int, default=5)
    p.add_argument("-s", "--seconds", type=float, default=0.15, help="of each sample")
    p.add_argument("-w", "--warm-up", type=float, default=0.05, help="seconds before each sample")
    p.add_argument("-c", "--concurrency", type=int, default=32,
                   help="connections side by side, where there is not just one")
    p.add_argument("--services", type=int, default=0, metavar="N",
                   help="how many Services the node has beside those that are dialled")
    p.add_argument("--cpus", type=cpu_pair, metavar="N[,M]",
                   help="of clients, and of servers if they shall have another")
    p.add_argument("--all", action="store_true", help="print medians, CPU time and segments sent again")
    for name, choices in (("paths", PATHS), ("loads", ASKING + BULK),
                          ("offloads", ("on", "off")), ("contenders", CONTENDERS)):
        p.add_argument(f"--{name}", type=several(choices), default=list(choices),
                       metavar="A,B,...", help=", ".join(choices))
    args = p.parse_args()
    args.cpus = args.cpus or (max(os.sched_getaffinity(0)),) * 2
    args.paths = [PATHS[name] for name in args.paths]
    args.contenders = [c for c in args.contenders if any(p.is_for(c) for p in args.paths)]
    return args


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    print(f"Linux {platform.release()}, clients on CPU {args.cpus[0]}, servers on CPU "
          f"{args.cpus[1]}, {args.rounds} rounds of {args.seconds} s\n")
    with contextlib.ExitStack() as stack:
        places = {}
        for contender in args.contenders:
            place = Place(f"tcp{os.getpid()}-{contender}", CONTENDERS[contender](),
                          args.services, os.path.abspath(args.tool))
            places[contender] = stack.enter_context(place)
            place.serve(args.cpus[1])
        bench = Bench(args, places)
        for turn in range(args.rounds):
            bench.round(turn)
        report(args, bench.results)


if __name__ == "__main__":
    try:
        main()
    except Failed as e:
        sys.exit(f"run.py: {e}")
