#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the control side costs at scale: everything applied at once, one endpoint changed, one
Service deleted, the maps filled again from the state, reading. As root; see `scale.py -h`."""
import argparse
import json
import statistics
import sys

import manifests
from lanes import lanes
from world import ATTACH, World

# services, endpoints each, who names them, runs of the cold commands
SIZES = (
    (100, 10, "slices", 3), (1000, 10, "slices", 3), (5000, 4, "slices", 3),
    (10000, 10, "slices", 2), (1000, 10, "pods", 2), (10000, 10, "pods", 1),
)
CHANGES = 20
PACKET_SERVICES = (1, 1000, 100000)
PACKET_TURNS = 5
# ns a packet at the most services, over that at one
PACKET_MAX = 1.2


def spread(values):
    cuts = statistics.quantiles(values, n=10) if len(values) > 1 else values * 9
    return {"median": statistics.median(values), "p10": cuts[0], "p90": cuts[8],
            "samples": len(values)}


def size_name(size):
    return f"services={size[0]}x{size[1]}"


def row_name(what, size):
    """Slices are the rule; what Pods and a selector make is beside it."""
    return f"{what}{'-pods' if size[2] == 'pods' else ''}/{size_name(size)}"


class Table:
    """Samples by name, and the rows that are made of them."""

    def __init__(self):
        self.samples = {}
        self.ratios = {}

    def put(self, name, unit, value):
        if value is not None:
            self.samples.setdefault((name, unit), []).append(value)

    def put_ratio(self, name, unit, to, value, target):
        self.ratios.setdefault((name, unit), {}).setdefault((to, target), []).append(value)

    def cost(self, name, cost):
        self.put(f"{name}/wall", "ms", cost.wall * 1e3)
        self.put(f"{name}/cpu", "ms", cost.cpu * 1e3)
        self.put(f"{name}/rss", "MB", cost.rss / 1e6)

    def rows(self):
        for key, values in self.samples.items():
            ratios = {to: {**spread(v), **({"target": target} if target else {})}
                      for (to, target), v in self.ratios.get(key, {}).items()}
            yield {"id": f"scale/{key[0]}", "unit": key[1], **spread(values), "ratios": ratios}


def write_all(w, size):
    services, n, by, _ = size
    make = manifests.with_slices if by == "slices" else manifests.with_pods
    return w.write_parts(f"{by}-{services}x{n}", make(services, n))


def write_change(w, size, moved):
    """One endpoint of the middle service is elsewhere, or back."""
    services, n, by, _ = size
    i = services // 2
    text = manifests.endpoint_slice(i, n, moved) if by == "slices" else \
        manifests.pod(i, n, 0, moved)
    return w.write(f"change-{moved:d}.yaml", text)


def cold(w, table, size, path):
    """From nothing: attach makes empty maps, apply reads the manifest, stores and writes."""
    for _ in range(size[3]):
        w.forget()
        w.attach()
        table.cost(row_name("cold", size), w.cost("apply", "-f", path))


def change(w, table, size):
    paths = [write_change(w, size, moved) for moved in (True, False)]
    for i in range(CHANGES):
        table.cost(row_name("change", size), w.cost("apply", "-f", paths[i % 2]))
    table.put(row_name("change", size) + "/bpf", "calls", w.bpf_calls("apply", "-f", paths[0]))


def delete(w, table, size):
    """One Service goes, by name, and is put back."""
    i = size[0] // 2
    back = w.write("back.yaml", manifests.service(i, size[2] == "pods"))
    for _ in range(CHANGES // 2):
        table.cost(row_name("delete", size),
                   w.cost("delete", "service", manifests.service_name(i)))
        w.sluice("apply", "-f", back)


def start(w, table, size):
    """Maps that were lost are filled from the state; attaching an empty instance is the rest."""
    for _ in range(size[3]):
        w.detach()
        table.cost(row_name("start", size), w.cost(*ATTACH))


def read(w, table, size):
    for _ in range(size[3]):
        table.cost(row_name("sync", size), w.cost("sync"))
        table.cost(row_name("get", size), w.cost("get", "services", "-A"))
        table.cost(row_name("get-one", size), w.cost("get", "service", manifests.service_name(1)))
        table.cost(row_name("stats", size), w.cost("stats"))


def in_step(w, name):
    """A change that left something to do for a sync would not be worth its figures."""
    out = w.sluice("sync").strip()
    if out != "maps are up to date":
        sys.exit(f"scale: {name}: sync after changes: {out}")


def measure(w, table, size):
    path = write_all(w, size)
    cold(w, table, size, path)
    change(w, table, size)
    delete(w, table, size)
    in_step(w, size_name(size))
    read(w, table, size)
    start(w, table, size)


def packets(table, program):
    """
    A packet of the first, then of all following turns, beside the same with one service: of
    flows to one of the services, and to as many of them as there are flows.
    """
    with lanes(program, PACKET_SERVICES) as all_of_them:
        for _ in range(PACKET_TURNS):
            for traffic in ("", "-spread"):
                one = None
                for lane in all_of_them:
                    now = lane.run(lane.services if traffic else 1)
                    one = one or now
                    packets_put(table, lane, traffic, now, one)


def packets_put(table, lane, traffic, now, one):
    for path, ns, least in zip(("new", "established"), now, one):
        name = f"packet/{path}{traffic}/services={lane.services}"
        table.put(name, "ns", ns)
        if lane.services > 1:
            table.put_ratio(name, "ns", "services=1", ns / least, None if traffic else PACKET_MAX)


def floor(w, table):
    """What any command pays for being executed, and attach for loading its programs."""
    w.forget()
    for _ in range(CHANGES):
        table.cost("exec", w.cost("--version"))
    for _ in range(3):
        w.detach()
        table.cost("attach", w.cost(*ATTACH))


def show(rows):
    print(f"{'':52} {'median':>10} {'p10':>10} {'p90':>10}")
    for r in rows:
        ratios = "".join(f"  {v['median']:.2f} x {to}" for to, v in r["ratios"].items())
        print(f"{r['id']:46} {r['unit']:>5} {r['median']:10.1f} {r['p10']:10.1f} "
              f"{r['p90']:10.1f}{ratios}")


def main():
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("-j", metavar="FILE", help="write the rows as JSON")
    ask.add_argument("-k", metavar="TEXT", default="",
                     help="only what has this in its name: services=5000x4, pods, packet")
    ask.add_argument("packet", help="the program built from packet.c")
    args = ask.parse_args()
    table = Table()
    # First: a child must not begin in our namespace.
    if args.k in "packet":
        packets(table, args.packet)
    sizes = [size for size in SIZES if args.k in row_name("cold", size)]
    if sizes:
        with World() as w:
            floor(w, table)
            for size in sizes:
                measure(w, table, size)
    rows = list(table.rows())
    show(rows)
    if args.j:
        with open(args.j, "w", encoding="ascii") as f:
            json.dump({"bench": "scale", "rows": rows}, f, indent=1)


if __name__ == "__main__":
    main()
