#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What check.py makes of results and a baseline."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
import check  # noqa: E402
from results import BENCHES  # noqa: E402


def row(row_id, unit, ratio=None, spread=0.01, **more):
    """A row with one ratio, to "floor", of that median."""
    ratios = {} if ratio is None else {
        "floor": {"median": ratio, "p10": ratio - spread, "p90": ratio + spread}}
    return {"id": row_id, "unit": unit, "median": 100, "ratios": ratios, **more}


def at(median, spread=0.01):
    """A ratio in a baseline."""
    return [median, median - spread, median + spread]


def rows(*some):
    return {r["id"]: r for r in some}


class Moves(unittest.TestCase):
    def moved(self, was, now, unit="ns", spread=0.01):
        found = list(check.moves(rows(row("a", unit, now, spread)), {"a": {"floor": at(was)}}))
        return [(m.better, m.sure) for m in found]

    def test_a_tenth_or_less_is_no_move(self):
        self.assertEqual(self.moved(1.0, 1.09), [])
        self.assertEqual(self.moved(1.0, 0.91), [])

    def test_time_is_better_when_it_shrinks(self):
        self.assertEqual(self.moved(1.0, 0.8), [(True, True)])
        self.assertEqual(self.moved(1.0, 1.2), [(False, True)])

    def test_a_rate_is_better_when_it_grows(self):
        self.assertEqual(self.moved(1.0, 1.2, "packets/s"), [(True, True)])
        self.assertEqual(self.moved(1.0, 0.8, "1/s"), [(False, True)])
        self.assertEqual(self.moved(100.0, 80.0, "%"), [(False, True)])

    def test_a_move_is_sure_if_the_spreads_do_not_overlap(self):
        self.assertEqual(self.moved(1.0, 1.2, spread=0.15), [(False, True)])
        self.assertEqual(self.moved(1.0, 1.2, spread=0.3), [(False, False)])

    def test_a_ratio_that_the_baseline_lacks_is_no_move(self):
        baseline = {"a": {"other": at(1.0)}}
        self.assertEqual(list(check.moves(rows(row("a", "ns", 2.0)), baseline)), [])


class Targets(unittest.TestCase):
    def reached(self, *some):
        return [(t.what, t.reached) for t in check.targets(rows(*some))]

    def test_in_a_ratio(self):
        some = row("a", "ns", 1.2)
        some["ratios"]["floor"]["target"] = 1.3
        self.assertEqual(self.reached(some), [("floor", True)])
        some["ratios"]["floor"]["target"] = 1.1
        self.assertEqual(self.reached(some), [("floor", False)])

    def test_of_a_row_speaks_of_its_first_ratio(self):
        self.assertEqual(self.reached(row("a", "packets/s", 0.95, target=0.9)), [("floor", True)])
        self.assertEqual(self.reached(row("a", "packets/s", 0.85, target=0.9)), [("floor", False)])

    def test_of_a_row_without_ratios_speaks_of_its_value(self):
        self.assertEqual(self.reached(row("a", "ms", target=100)), [("ms", True)])
        self.assertEqual(self.reached(row("a", "%", target=101)), [("%", False)])

    def test_of_a_row_that_says_none(self):
        some = row("packets/new-flows/services=10000/sluice", "flows/s", 9.0)
        some["ratios"]["nftables"] = {"median": 3.5, "p10": 3.4, "p90": 3.6}
        self.assertEqual(self.reached(some), [("nftables", False)])
        some["target"] = 5.0
        self.assertEqual(self.reached(some), [("floor", True)])
        self.assertEqual(self.reached(row("scale/change/services=5000x4/cpu", "ms")),
                         [("ms", False)])


class Report(unittest.TestCase):
    def test_tells_new_and_missing_rows(self):
        baseline = {"program/old": {"floor": at(1.0)}, "tcp/old": {"floor": at(1.0)}}
        lines, worse = check.report(rows(row("program/new", "ns", 1.0)), baseline, ["program"])
        self.assertFalse(worse)
        self.assertIn("  program/new", lines)
        self.assertIn("  program/old", lines)
        self.assertNotIn("  tcp/old", lines)    # did not run

    def test_only_a_sure_move_is_worse(self):
        baseline = {"program/a": {"floor": at(1.0)}}
        self.assertTrue(check.report(rows(row("program/a", "ns", 2.0)), baseline, ["program"])[1])
        self.assertFalse(
            check.report(rows(row("program/a", "ns", 2.0, 1.5)), baseline, ["program"])[1])


class Program(unittest.TestCase):
    """The whole of it, with files."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.baseline = os.path.join(self.folder, "baseline.json")

    def write(self, bench, ratio):
        with open(os.path.join(self.folder, bench + ".json"), "w", encoding="utf-8") as f:
            json.dump({"bench": bench, "machine": {"kernel": "6.1"},
                       "rows": [row(bench + "/a", "ns", ratio)]}, f)

    def run_it(self, *words):
        return subprocess.run([check.__file__, self.folder, "--baseline", self.baseline, *words],
                              capture_output=True, text=True, check=False)

    def test_reports_and_is_strict_if_asked(self):
        for bench in BENCHES:
            self.write(bench, 1.0)
        self.assertEqual(self.run_it("--write").returncode, 0)
        self.assertEqual(self.run_it("--strict").returncode, 0)
        self.write("tcp", 1.5)
        done = self.run_it()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("+50%  tcp/a / floor  1 -> 1.5", done.stdout)
        self.assertEqual(self.run_it("--strict").returncode, 1)

    def test_says_which_benchmark_to_run(self):
        self.write("program", 1.0)
        self.run_it("--write")
        done = self.run_it()
        self.assertEqual(done.returncode, 1)
        self.assertIn("make bench ONLY=packets", done.stderr)
        self.assertNotIn("ONLY=program", done.stderr)

    def test_says_to_measure_first(self):
        for folder in (self.folder + "/none", self.empty()):
            for words in ((), ("--write",)):
                done = subprocess.run([sys.executable, check.__file__, *words, folder],
                                      capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stdout, done.stderr),
                                 (1, "", f"check.py: no results in {folder}: measure first, with "
                                  "sudo make bench\n"))

    def empty(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        return temp.name

    def test_a_baseline_keeps_what_did_not_run(self):
        self.write("program", 1.0)
        self.run_it("--write")
        os.unlink(os.path.join(self.folder, "program.json"))
        self.write("tcp", 2.0)
        self.run_it("--write")
        with open(self.baseline, encoding="utf-8") as f:
            self.assertEqual(json.load(f)["rows"],
                             {"program/a": {"floor": at(1.0)}, "tcp/a": {"floor": at(2.0)}})


if __name__ == "__main__":
    unittest.main()
