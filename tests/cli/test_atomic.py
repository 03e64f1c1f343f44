# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""All or nothing, whoever else is at work and whenever it is killed."""
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import unittest

from case import SLUICE, Case, pod, service

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import inject  # pylint: disable=wrong-import-position


def world(mark, n=6):
    """Objects that all bear the mark."""
    labels = {"mark": str(mark)}
    return [o for i in range(n)
            for o in (service(f"s{i}", 1000 + mark, labels=labels, selector={"app": f"a{i}"}),
                      pod(f"p{i}", f"10.244.{mark}.{i + 2}", labels={"app": f"a{i}", **labels}))]


class Atomic(Case):
    def everything(self, *words):
        items = self.json("get", "svc,po,eps", "-A", *words)["items"]
        return {(o["kind"], o["metadata"]["name"] if o["kind"] != "EndpointSlice" else
                 json.dumps(o["endpoints"])): (o["metadata"].get("labels"), o.get("spec"),
                                               o.get("ports")) for o in items}

    def marks(self):
        return {o["metadata"]["labels"]["mark"] for o in
                self.json("get", "svc,po,eps", "-l", "mark")["items"]}


class Together(Atomic):
    def test_one_invalid_object_and_nothing_happens(self):
        self.apply(*world(1))
        before = self.out("get", "svc,po,eps", "-o", "yaml")
        for bad in (service("bad", 70000), pod("bad", "nowhere"), service("s0", type="Bad"),
                    service("new", clusterIP=self.json("get", "svc", "s1")["spec"]["clusterIP"])):
            for words in ((), ("--prune", "--all")):
                path = self.file("x.json", *world(2, 3), bad)
                self.fails("apply", *words, "-f", path)
        self.assertEqual(self.out("get", "svc,po,eps", "-o", "yaml"), before)

    def test_writers_stand_in_line_and_readers_see_whole_changes(self):
        self.apply(*world(0))
        paths = [self.file(f"{m}.json", *world(m)) for m in range(1, 5)]
        writers = [subprocess.Popen([SLUICE, "apply", "-f", p], env=self.env,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                   for p in paths for _ in range(3)]
        seen, stop = [], threading.Event()

        def read():
            while not stop.is_set():
                seen.append(self.marks())

        readers = [threading.Thread(target=read) for _ in range(2)]
        for r in readers:
            r.start()
        errors = [w.communicate()[1] for w in writers]
        stop.set()
        for r in readers:
            r.join()
        self.assertEqual([w.returncode for w in writers], [0] * len(writers), errors)
        self.assertTrue(seen)
        self.assertEqual({len(marks) for marks in seen}, {1}, "a mix of two applies was seen")
        self.assertEqual(len(self.marks()), 1)

    def test_dynamic_addresses_of_concurrent_creates_differ(self):
        paths = [self.file(f"{i}.json", *(service(f"w{i}-{k}", type="NodePort")
                                          for k in range(5))) for i in range(6)]
        writers = [subprocess.Popen([SLUICE, "create", "-f", p], env=self.env,
                                    stdout=subprocess.DEVNULL) for p in paths]
        self.assertEqual([w.wait() for w in writers], [0] * 6)
        specs = [o["spec"] for o in self.json("get", "svc")["items"]]
        self.assertEqual(len({s["clusterIP"] for s in specs}), 30)
        self.assertEqual(len({s["ports"][0]["nodePort"] for s in specs}), 30)


@unittest.skipUnless(shutil.which("strace"), "no strace")
class Killed(Atomic):
    """The objects are the old or the new ones, and the next command works."""

    def run_argv(self, argv):
        return subprocess.run(argv, env=self.env, capture_output=True, text=True, timeout=600,
                              check=False)

    def kills(self, argv, reset):
        """What is stored after a kill at each point. @reset goes back to the beginning."""
        reset()
        old = self.everything()
        points = inject.points(self.run_argv, argv)
        new = self.everything()
        self.assertNotEqual(old, new)
        states = []
        for call, number in points:
            reset()
            with self.subTest(call=call, number=number):
                self.assertTrue(inject.killed_at(self.run_argv, argv, call, number))
                now = self.everything()
                self.assertTrue(now in (old, new), "neither the old nor the new state")
                states.append(now == new)
                self.out(*argv[1:])
                self.assertEqual(self.everything(), new, "the next command")
        self.assertEqual(set(states), {False, True}, "kills before and after the commit")
        return points

    def fixed(self, mark):
        """The world without what is allocated at random."""
        objects = world(mark, 2)
        for i, o in enumerate(o for o in objects if o["kind"] == "Service"):
            o["spec"]["clusterIP"] = f"10.96.0.{i + 2}"
        return objects

    def test_first_apply(self):
        path = self.file("new.json", *self.fixed(1))
        points = self.kills([SLUICE, "apply", "-f", path],
                            lambda: shutil.rmtree(self.state, ignore_errors=True))
        self.assertTrue({"mkdir", "openat", "pwrite64", "fdatasync"} <= {c for c, _ in points})

    def test_changing_apply_with_prune(self):
        old = self.file("old.json", *self.fixed(1), service("gone", clusterIP="10.96.0.9"))
        new = self.file("new.json", *self.fixed(2), service("more", clusterIP="10.96.0.9"))
        self.kills([SLUICE, "apply", "--prune", "--all", "-f", new],
                   lambda: self.out("apply", "--prune", "--all", "-f", old))
