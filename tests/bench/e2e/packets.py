#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Small packets through a node: how many a second, and how many new flows, beside what a user
would pick instead.

Everything that happens to a packet happens on one CPU: it is made (BPF_PROG_RUN, live frames),
goes through the node and is counted where it arrives, before the next batch is made. So the rate
is 1 / the whole price of a packet, and "wire" says how much of that is not the node's.

    packets.py [-j FILE] [--services 1,1000] [--cases nodeport,...] [--rivals sluice,...]
               [--rounds N] [--flows N] [--seconds S] [--cpu N]

Two services are measured, one with endpoints behind another node and one with endpoints on this
node, four each; the others are only there.
"""
import argparse
import concurrent.futures
import contextlib
import os
import signal
import sys
import time

sys.dont_write_bytecode = True

import rivals                                           # noqa: E402
import report                                           # noqa: E402
import scene as sc                                      # noqa: E402
from frames import Blast, frame                         # noqa: E402
from lab import Failed                                  # noqa: E402

CONTENDERS = (sc.Wire.name, *rivals.RIVALS)
BASES = ("nftables", "xdp-forward")
SOURCE_PORT = 20000
FLOWS = 1024
LEAST_ARRIVED = 0.95            # of what was sent, or it is not the same work
NEW_FLOWS_MAX = 65536           # a run: well below what nf_conntrack holds by default
PACKETS_A_FLOW = 16             # a run, at least
PROBE = 4096                    # packets, to find out how many make a run


class Case:
    """Packets of one kind. From where to where, through what, and what has to arrive."""
    protocol = "udp"
    fresh = None
    sender, receiver = "client", "back"
    service = sc.REMOTE
    unit = "packets/s"
    most = 1 << 24              # packets a run

    def __init__(self, blast, scene, flows):
        self.blast, self.scene, self.flows = blast, scene, flows
        self.kept = None

    def dialled(self):
        """What the client dials, one after the other."""
        if self.scene.rival.direct:
            return self.service.endpoints
        return ((sc.NODE, sc.NODE_PORT),)

    def source(self, n):
        return sc.CLIENT, SOURCE_PORT + n

    def expect(self):
        self.blast.expect(self.protocol, "dst", self.service.endpoints[0][0], sc.ENDPOINT_MASK,
                          sc.TARGET)

    def frames(self):
        smac, dmac = self.scene.macs(self.sender)
        to = self.dialled()
        return [frame(self.protocol, smac, dmac, self.source(n), to[n % len(to)])
                for n in range(self.flows)]

    def prepare(self):
        """Makes the flows, in both directions, and checks every one of the packets."""
        self.kept = self.blast.keep(self.frames())
        self.check(self.flows)

    def check(self, count):
        self._use("mixed")
        _, good, _, broken = self.blast.send(self.scene.port(self.sender), count, "verify")
        if broken or good < LEAST_ARRIVED * count:
            raise Failed(f"{self.scene.rival.name}: {good} of {count} packets arrived, "
                         f"{broken} of them with a wrong checksum")

    def run(self, count):
        """One sample: what arrives a second."""
        self._use("as-kept")
        ns, good, _, _ = self.blast.send(self.scene.port(self.sender), count)
        if good < LEAST_ARRIVED * count:
            raise Failed(f"{self.scene.rival.name}: {good} of {count} packets arrived")
        return good / count * 1e9 / ns

    def _use(self, order):
        """Flows are made in one order and used in another, as it is in life: what was allocated
        side by side is not needed side by side.
        """
        self.expect()
        self.blast.use(self.kept, order, self.fresh)


class Answered(Case):
    """Flows that are established: there have been packets and replies, more than once."""

    def __init__(self, *what):
        super().__init__(*what)
        self.replies = Replies(self)

    def prepare(self):
        super().prepare()
        self.replies.prepare()
        for _ in range(2):
            self.check(self.flows)
            self.replies.check(self.flows)


class Replies(Case):
    """What the endpoints answer to the flows of another case."""

    def __init__(self, forward):
        super().__init__(forward.blast, forward.scene, forward.flows)
        self.sender, self.receiver = forward.receiver, forward.sender
        self.service, self.forward = forward.service, forward

    def frames(self):
        smac, dmac = self.scene.macs(self.sender)
        made = [frame(self.protocol, smac, dmac, dst, src) for src, dst in self.blast.seen()]
        if len(made) != self.flows:
            raise Failed(f"{self.scene.rival.name}: {self.flows} flows arrive as {len(made)}")
        return made

    def expect(self):
        addr, port = self.forward.dialled()[0]
        mask = sc.ENDPOINT_MASK if self.scene.rival.direct else "255.255.255.255"
        self.blast.expect(self.protocol, "src", addr, mask, port)


class NodePort(Answered):
    """Client to the node's port, endpoints behind another node: both addresses change."""


class NodePortReply(Answered):
    """The same flows' replies."""

    def run(self, count):
        return self.replies.run(count)


class ClusterIp(Answered):
    """Pod to a ClusterIP, endpoints behind another node."""
    sender = "pod"

    def dialled(self):
        if self.scene.rival.direct:
            return self.service.endpoints
        return ((self.service.cluster_ip, sc.PORT),)

    def source(self, n):
        return sc.POD, SOURCE_PORT + n


class ClusterIpLocal(ClusterIp):
    """Pod to a ClusterIP, endpoints on its own node."""
    receiver = "server"
    service = sc.LOCAL


class NewFlows(Case):
    """SYNs to the node's port, no two from the same source, and no answers. Conntrack's table is
    empty when a run begins, or it would soon be full and drop them; sluice's tables are as full
    as the last run left them.
    """
    protocol = "tcp"
    fresh = sc.FRESH
    unit = "flows/s"
    most = NEW_FLOWS_MAX

    def frames(self):
        smac, dmac = self.scene.macs(self.sender)
        return [frame("tcp", smac, dmac, ("0.0.0.0", 0), to) for to in self.dialled()]

    def prepare(self):
        self.kept = self.blast.keep(self.frames())
        self.check(PROBE)

    def run(self, count):
        self.scene.rival.flush()
        return super().run(count)


CASES = {"nodeport": NodePort, "nodeport-reply": NodePortReply, "clusterip": ClusterIp,
         "clusterip-local": ClusterIpLocal, "new-flows": NewFlows}


def size_of_run(case, seconds):
    """How many packets take about so long; some for each flow, for a node may have something to
    do for a flow once a second.
    """
    least = max(PROBE, PACKETS_A_FLOW * case.kept[1])
    return max(least, min(case.most, int(case.run(PROBE) * seconds)))


def measure(name, n, scenes, blast, args):
    """The rows of one case: a round is one sample of every contender, in turn."""
    runs = []
    about = f"services={n}" + (f"/flows={args.flows}" if args.flows != FLOWS else "")
    blast.forget()
    for scene in scenes:
        case = CASES[name](blast, scene, args.flows)
        case.prepare()
        runs.append((case, size_of_run(case, args.seconds),
                     report.Row(f"packets/{name}/{about}/{scene.rival.name}", case.unit, [])))
    for _ in range(args.rounds):
        for case, count, row in runs:
            row.samples.append(case.run(count))
    return [row for _, _, row in runs]


def build(stack, blast, n, names):
    """A scene for each rival, all loaded at the same time, then receivers put there."""
    scenes = []
    for name in names:
        kind, rival = ((sc.WireScene, sc.Wire) if name == sc.Wire.name
                       else (sc.Scene, rivals.RIVALS[name]))
        scenes.append(stack.enter_context(kind(f"pk{os.getpid()}-{name}", rival())))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [pool.submit(scene.install, n) for scene in scenes]:
            done.result()
    for scene in scenes:
        for port in sorted({scene.port(h) for h in ("client", "back", "pod", "server")}):
            blast.attach(port)
    return scenes


def parse(words):
    def names(known):
        def split(text):
            chosen = text.split(",")
            if set(chosen) - set(known):
                raise argparse.ArgumentTypeError(f"they are: {', '.join(known)}")
            return chosen
        return split

    p = argparse.ArgumentParser(description="Small packets through a node.")
    p.add_argument("-j", metavar="FILE", help="write JSON there")
    p.add_argument("--services", default=[1, 1000, 10000], metavar="N,...",
                   type=lambda text: [int(n) for n in text.split(",")])
    p.add_argument("--cases", default=list(CASES), type=names(CASES), metavar="NAME,...",
                   help=", ".join(CASES))
    p.add_argument("--rivals", default=list(CONTENDERS), type=names(CONTENDERS),
                   metavar="NAME,...", help=", ".join(CONTENDERS))
    p.add_argument("--rounds", type=int, default=11)
    p.add_argument("--flows", type=int, default=FLOWS, help="a power of two, at most 16384")
    p.add_argument("--seconds", type=float, default=0.03, help="how long a sample takes, about")
    p.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)))
    args = p.parse_args(words)
    if not 0 < args.flows <= 16384 or args.flows & (args.flows - 1):
        p.error("--flows has to be a power of two, at most 16384")
    return args


def main():
    args = parse(sys.argv[1:])
    if os.geteuid():
        sys.exit("this needs root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    rows = []
    for n in args.services:
        with contextlib.ExitStack() as stack:
            blast = stack.enter_context(Blast(rivals.BUILD, args.cpu))
            begin = time.monotonic()
            # The wire knows nothing of services.
            scenes = build(stack, blast, n, [r for r in args.rivals if r != sc.Wire.name or
                                             n == args.services[0]])
            print(f"{n} services: loaded in {time.monotonic() - begin:.0f} s", file=sys.stderr)
            for case in args.cases:
                of_case = report.with_ratios(measure(case, n, scenes, blast, args), BASES)
                print(report.table(of_case, BASES) + "\n", flush=True)
                rows += of_case
    if args.j:
        report.write(args.j, "packets", rows)


if __name__ == "__main__":
    try:
        main()
    except Failed as e:
        sys.exit(f"packets: {e}")
