#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Runs the namespace tests: every group in a process and a lab of its own, for every XDP mode
that it wants. One line a group, details of what failed, and at the end

    totals: passed=N failed=M

for scripts/test. Exit status 1 if anything failed.

    tests/netns/run.py [-j N] [-l] [GROUP | GROUP/MODE]...

A group whose module says ALONE = True runs when no other does, after them.
"""
import argparse
import concurrent.futures
import faulthandler
import importlib
import os
import pathlib
import signal
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

# pylint: disable=wrong-import-position
from bench import BENCH
from lab import NODES, Lab
# pylint: enable=wrong-import-position

GROUP_TIMEOUT = 900


class Test:
    """What a group is given: a lab, and a place to note what held and what did not."""

    def __init__(self, group, mode):
        self.group, self.mode = group, mode
        self.passed, self.failures = 0, []
        self.name = f"nt{os.getpid()}-{group}"

    def check(self, held, title, detail=""):
        if held:
            self.passed += 1
        else:
            self.failures.append(f"{title}: {detail}" if detail != "" else title)
        return bool(held)

    def equal(self, got, want, title):
        return self.check(got == want, title, f"expected {want!r}, got {got!r}")

    def tries(self, action, title):
        """The action's value, or None and a failure if it raises."""
        try:
            value = BENCH.fair(action)
        except Exception as e:  # pylint: disable=broad-except
            self.check(False, title, f"{type(e).__name__}: {e}")
            return None
        self.passed += 1
        return value


def groups():
    """(name, mode, whether it runs alone) of all of them, as the module says."""
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        for mode in getattr(module, "MODES", ("native", "generic", "off")):
            yield path.stem.removeprefix("test_"), mode, getattr(module, "ALONE", False)


def terminated(*_):
    """Says what all threads were at, and takes the lab away."""
    faulthandler.dump_traceback()
    sys.exit("terminated")


def run_module(t, module):
    try:
        module.run(t)
    except Exception as e:  # pylint: disable=broad-except
        where = [f for f in traceback.extract_tb(e.__traceback__) if "/test_" in f.filename]
        line = f"{pathlib.Path(where[-1].filename).name}:{where[-1].lineno}" if where else "lab"
        t.failures.append(f"{line}: {type(e).__name__}: {e}")


def dropped(t):
    """What both nodes dropped and why, for who looks for the cause of a failure."""
    said = []
    for node in NODES:
        try:
            drops = t.lab.sluice_json(node, "stats")["drops"]
            said.append(f"{node} dropped { {k: n for k, n in drops.items() if n} }")
        except Exception as e:  # pylint: disable=broad-except
            said.append(f"{node}: {e}")
    return said


def run_here(group, mode):
    """In a process of its own: prints failures, then "passed failed"."""
    signal.signal(signal.SIGTERM, terminated)
    module = importlib.import_module(f"test_{group}")
    t, notes, since = Test(group, mode), [], BENCH.mark()
    try:
        if getattr(module, "OWN_LAB", False):
            run_module(t, module)
        else:
            with Lab(t.name) as t.lab:
                t.lab.attach(mode)
                run_module(t, module)
                notes += dropped(t) if t.failures else []
    except Exception as e:  # pylint: disable=broad-except
        t.failures.append(f"lab: {type(e).__name__}: {e}")
    finally:
        if t.failures:
            notes.append(f"the machine: {BENCH.blame(since) or 'lost no packet'}, "
                         f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
        if BENCH.repeated:
            notes.append(f"tried again: {', '.join(BENCH.repeated)}")
        for line in t.failures + [f"({note})" for note in notes]:
            print("    " + line.replace("\n", "\n    "))
    print(t.passed, len(t.failures))


def run_apart(group, mode):
    begin = time.monotonic()
    with subprocess.Popen([sys.executable, __file__, "--here", group, mode],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        try:
            out, _ = child.communicate(timeout=GROUP_TIMEOUT)
        except subprocess.TimeoutExpired:
            child.terminate()       # it takes its lab away
            out, _ = child.communicate()
            out += f"\n    no end after {GROUP_TIMEOUT} s"
    lines = out.splitlines()
    try:
        passed, failed = map(int, lines[-1].split())
        lines.pop()
    except (IndexError, ValueError):
        lines.append(f"    ended with status {child.returncode}")
        passed, failed = 0, 1
    return passed, failed, lines, time.monotonic() - begin


def run_all(jobs, runs):
    """Yields (passed, failed) of each run when it was told."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for group, mode, future in [(*run, pool.submit(run_apart, *run)) for run in runs]:
            passed, failed, lines, seconds = future.result()
            verdict = f"{failed} FAILED, {passed} passed" if failed else f"{passed} passed"
            print(f"netns  {group + '/' + mode:22} {verdict:24} {seconds:5.1f} s", flush=True)
            if lines:
                print("\n".join(lines), flush=True)
            yield passed, failed


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-j", type=int, default=os.cpu_count() or 1, help="groups at a time")
    p.add_argument("-l", action="store_true", help="list the groups")
    p.add_argument("--here", nargs=2, help=argparse.SUPPRESS)
    p.add_argument("groups", nargs="*")
    args = p.parse_args()
    if args.here:
        return run_here(*args.here)

    chosen = [(g, m, alone) for g, m, alone in groups()
              if not args.groups or g in args.groups or f"{g}/{m}" in args.groups]
    if args.l:
        print("\n".join(f"{g}/{m}" for g, m, _ in chosen))
        return 0
    if os.geteuid():
        sys.exit("netns tests need root")

    passed = failed = 0
    for jobs, runs in ((args.j, [(g, m) for g, m, alone in chosen if not alone]),
                       (1, [(g, m) for g, m, alone in chosen if alone])):
        for p_, f_ in run_all(jobs, runs):
            passed, failed = passed + p_, failed + f_
    print(f"totals: passed={passed} failed={failed}")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
