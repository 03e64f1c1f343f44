#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Holds the latest benchmark results against the committed baseline: which ratios moved, which
rows came and went, which targets are reached. Absolute figures are not compared: they are those
of one machine on one day.
"""
import argparse
import json
import os
import signal
import sys
from typing import NamedTuple

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
from results import Missing, larger_is_better, load, load_all, rows_by_id  # noqa: E402
from targets import target_of  # noqa: E402

MOVED = 0.10


class Spread(NamedTuple):
    median: float
    p10: float
    p90: float


class Move(NamedTuple):
    id: str
    ratio: str
    was: Spread
    now: Spread
    better: bool

    @property
    def change(self):
        return self.now.median / self.was.median - 1

    @property
    def sure(self):
        """The spreads do not overlap."""
        return self.now.p10 > self.was.p90 or self.now.p90 < self.was.p10


class Target(NamedTuple):
    id: str
    what: str           # the ratio's name, or the unit
    value: float
    limit: float
    at_least: bool

    @property
    def reached(self):
        return self.value >= self.limit if self.at_least else self.value <= self.limit


# --- comparing ------------------------------------------------------------------


def moves(rows, baseline):
    """What differs by more than a tenth. baseline: as baseline_of() makes it."""
    now = baseline_of(rows)
    for row_id in sorted(now.keys() & baseline.keys()):
        for name in now[row_id].keys() & baseline[row_id].keys():
            was, of = Spread(*baseline[row_id][name]), Spread(*now[row_id][name])
            if was.median and abs(of.median / was.median - 1) > MOVED:
                grew = of.median > was.median
                yield Move(row_id, name, was, of,
                           grew == larger_is_better(rows[row_id]["unit"]))


def own_targets(row):
    """(what, value, limit). A target speaks of the ratio or the row that it is in; a row's, if
    the row has ratios, of the first of them."""
    ratios = row.get("ratios", {})
    for name, ratio in ratios.items():
        if "target" in ratio:
            yield name, ratio["median"], ratio["target"]
    if "target" in row:
        for name, ratio in list(ratios.items())[:1]:
            yield name, ratio["median"], row["target"]
        if not ratios:
            yield row["unit"], row["median"], row["target"]


def given_targets(row):
    """The same, from targets.py."""
    what, limit = target_of(row) or (None, 0)
    if what == row["unit"]:
        yield what, row["median"], limit
    elif what in row.get("ratios", {}):
        yield what, row["ratios"][what]["median"], limit


def targets(rows):
    for row_id, row in rows.items():
        at_least = larger_is_better(row["unit"])
        for what, value, limit in list(own_targets(row)) or given_targets(row):
            yield Target(row_id, what, value, limit, at_least)


def baseline_of(rows):
    """id → ratio's name → median, p10 and p90, of all rows that have any."""
    found = {i: {n: [r["median"], r["p10"], r["p90"]] for n, r in row.get("ratios", {}).items()}
             for i, row in rows.items()}
    return {i: ratios for i, ratios in found.items() if ratios}


# --- reporting ------------------------------------------------------------------


def move_lines(title, some):
    """What is sure first, the farthest first."""
    if not some:
        return []
    lines = ["", f"{title}: {len(some)}, {sum(m.sure for m in some)} beyond the spreads"]
    for m in sorted(some, key=lambda m: (not m.sure, -abs(m.change))):
        doubt = "" if m.sure else "  spreads overlap"
        lines.append(f"  {m.change:+5.0%}  {m.id} / {m.ratio}  {m.was.median:.3g} -> "
                     f"{m.now.median:.3g}{doubt}")
    return lines


def id_lines(title, ids):
    return ["", f"{title}: {len(ids)}", *(f"  {i}" for i in sorted(ids))] if ids else []


def target_lines(found):
    if not found:
        return []
    missed = [t for t in found if not t.reached]
    lines = ["", f"targets reached: {len(found) - len(missed)} of {len(found)}"]
    if missed:
        lines.append("not reached:")
    for t in missed:
        sign = ">=" if t.at_least else "<="
        lines.append(f"  {t.id} {t.what}: {t.value:.3g}, to be {sign} {t.limit:g}")
    return lines


def report(rows, baseline, benches):
    """(lines, whether anything is surely worse). What did not run at all is not missing."""
    moved = list(moves(rows, baseline))
    now = baseline_of(rows)
    gone = [i for i in baseline if i not in now and i.split("/", 1)[0] in benches]
    lines = [f"{len(now)} rows with ratios, {len(baseline)} in the baseline; "
             f"moved by more than {MOVED:.0%}:",
             *move_lines("worse", [m for m in moved if not m.better]),
             *move_lines("better", [m for m in moved if m.better]),
             *([] if moved else ["  nothing"]),
             *id_lines("new, not in the baseline", [i for i in now if i not in baseline]),
             *id_lines("missing, in the baseline only", gone),
             *target_lines(list(targets(rows)))]
    return lines, any(m.sure and not m.better for m in moved)


# --- baseline -------------------------------------------------------------------


def merged(documents, old):
    """The baseline with these results in it; what did not run stays as it was."""
    rows = {i: r for i, r in old["rows"].items() if i.split("/", 1)[0] not in documents}
    machines = {b: m for b, m in old["machines"].items() if b not in documents}
    rows.update(baseline_of(rows_by_id(documents)))
    machines.update({b: d["machine"] for b, d in documents.items() if "machine" in d})
    return {"machines": machines, "rows": rows}


def baseline_text(baseline):
    """JSON with a row a line, in order, so that a diff shows what moved."""
    parts = []
    for part in ("machines", "rows"):
        lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}"
                           for k, v in sorted(baseline[part].items()))
        parts.append(f'"{part}": {{\n{lines}\n}}')
    return "{" + ",\n".join(parts) + "}\n"


def write_baseline(path, documents):
    try:
        old = load(path, "")
    except Missing:
        old = {"machines": {}, "rows": {}}
    new = merged(documents, old)
    with open(path, "w", encoding="utf-8") as f:
        f.write(baseline_text(new))
    print(f"{path}: {len(new['rows'])} rows, with the results of {', '.join(documents)}; "
          f"{len(old['rows'].keys() - new['rows'].keys())} are gone")


# --- command line ---------------------------------------------------------------


def arguments():
    here = os.path.relpath(os.path.dirname(__file__))
    p = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    p.add_argument("folder", nargs="?", default="build/bench", help="where the results are")
    p.add_argument("--baseline", metavar="FILE", default=os.path.join(here, "baseline.json"))
    p.add_argument("--write", action="store_true", help="make the results the baseline")
    p.add_argument("--strict", action="store_true",
                   help="exit status 1 if a ratio is worse, beyond the spreads")
    return p.parse_args()


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)   # a reader that has seen enough
    args = arguments()
    documents, complaints = load_all(args.folder)
    worse = False
    if not documents:
        # Nothing was measured here: one sentence, not a comparison with nothing.
        if not os.path.isdir(args.folder) or not os.listdir(args.folder):
            complaints = [f"no results in {args.folder}: measure first, with sudo make bench"]
    elif args.write:
        write_baseline(args.baseline, documents)
        return 0
    else:
        try:
            baseline = load(args.baseline, "sudo make bench && make bench-baseline")["rows"]
            lines, worse = report(rows_by_id(documents), baseline, documents)
            print("\n".join(lines))
        except Missing as e:
            complaints.append(str(e))
    for text in complaints:
        print(f"check.py: {text}", file=sys.stderr)
    return 1 if complaints or (args.strict and worse) else 0


if __name__ == "__main__":
    sys.exit(main())
