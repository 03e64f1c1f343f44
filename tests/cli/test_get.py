# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
import json
import shutil
import signal
import subprocess
import threading

from case import SLUICE, Case, pod, service


class Get(Case):
    def setUp(self):
        super().setUp()
        self.apply(service("web", labels={"tier": "front", "app": "web"}), service("api"),
                   service("web", namespace="prod"), pod("a", "10.244.0.2"))

    def test_columns(self):
        lines = self.lines("get", "svc", "web", "--show-labels")
        self.assertEqual(lines[0].split(), ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)",
                                            "AGE", "LABELS"])
        self.assertEqual(lines[1].split()[-1], "app=web,tier=front")
        self.assertEqual(self.lines("get", "svc", "web", "--no-headers")[0].split()[0], "web")
        self.assertEqual(self.lines("get", "svc", "-A")[0].split()[0], "NAMESPACE")

    def test_labels(self):
        self.assertEqual(self.names("svc", "-l", "tier=front"), ["service/web"])
        self.assertEqual(self.names("svc", "-l", "!tier"), ["service/api"])
        self.assertEqual(self.names("svc", "-A", "-l", "!tier"), ["service/api", "service/web"])
        self.assertEqual(self.names("svc,po", "--selector", "app in (web)"),
                         ["service/web", "pod/a"])

    def test_not_found(self):
        done = self.run_sluice("get", "svc", "web", "nope", status=1)
        self.assertIn("web", done.stdout)
        self.assertEqual(done.stderr, 'Error from server (NotFound): services "nope" not found\n')
        self.assertIn('nodes "n9" not found', self.fails("get", "node/n9"))

    def test_none(self):
        self.assertEqual(self.run_sluice("get", "svc", "-n", "test").stderr,
                         "No resources found in test namespace.\n")
        self.assertEqual(self.run_sluice("get", "svc", "-A", "-l", "no").stderr,
                         "No resources found\n")
        self.assertEqual(self.json("get", "svc", "-l", "no")["items"], [])

    def test_what_is_printed_is_read_back(self):
        text = self.out("get", "svc,po,eps", "-A", "-o", "yaml")
        again = self.lines("apply", "-f", "-", text=text)
        self.assertEqual({line.split()[-1] for line in again}, {"unchanged"})

    def test_ignore_not_found(self):
        for words in (("svc", "nope"), ("svc", "-n", "test"), ("svc", "nope", "-o", "json")):
            done = self.run_sluice("get", "--ignore-not-found", *words)
            self.assertEqual((done.stdout, done.stderr), ("", ""), words)
        self.assertEqual(self.names("svc", "web", "nope", "--ignore-not-found"), ["service/web"])

    def test_all(self):
        lines = self.lines("get", "all")
        self.assertEqual([line.split()[0] for line in lines if line],
                         ["NAME", "pod/a", "NAME", "service/api", "service/web"])
        self.assertEqual(self.names("all", "-l", "tier"), ["service/web"])
        self.assertEqual(self.run_sluice("get", "all", "-n", "test").stderr,
                         "No resources found in test namespace.\n")

    def test_pairs(self):
        self.assertEqual(self.names("svc/web", "pod/a"), ["service/web", "pod/a"])
        self.assertEqual([line.split()[0] for line in self.lines("get", "po/a", "svc/web") if line],
                         ["NAME", "pod/a", "NAME", "service/web"])

    def test_of_files(self):
        path = self.file("f.json", service("api"), pod("a", "10.244.0.9"))
        self.assertEqual(self.names("-f", path), ["service/api", "pod/a"])
        self.assertEqual(self.out("get", "-f", self.file("g.json", service("web")), "-o", "yaml"),
                         self.out("get", "svc", "web", "-o", "yaml"))
        self.assertIn('services "api" not found', self.fails("get", "-f", path, "-n", "prod"))
        for words in (("svc",), ("-A",), ("-l", "a"), ("-w",)):
            self.assertIn("usage: sluice get", self.fails("get", "-f", path, *words, status=2))

    def test_names_twice(self):
        """kubectl shows it as often as it is named, and a kind once."""
        self.assertEqual(self.names("svc", "web", "web"), ["service/web"] * 2)
        self.assertEqual(self.names("svc,svc", "web"), ["service/web"])

    def test_all_namespaces_is_stronger_than_one(self):
        self.assertEqual(len(self.names("svc", "-A", "-n", "prod")), 3)
        self.assertEqual(self.lines("get", "svc", "-n", "prod", "-A")[0].split()[0], "NAMESPACE")

    def test_no_row_ends_in_blanks(self):
        self.apply(service("wide", labels={"a": "b"}))
        for words in (("svc",), ("svc", "--show-labels"), ("svc", "-o", "wide"), ("all", "-A")):
            for line in self.lines("get", *words):
                self.assertEqual(line, line.rstrip())

    def test_usage(self):
        for words in ((), ("svc", "web", "-l", "a"), ("svc,po", "-w"), ("svc", "a", "b", "-w"),
                      ("svc", "--output-watch-events"), ("svc", "-l", "=x"),
                      ("svc", "-w", "-o", "json", "--output-watch-events")):
            self.assertIn("usage: sluice get", self.fails("get", *words, status=2))


class Watch(Case):
    def watch(self, *words):
        p = subprocess.Popen([SLUICE, "get", "-w", *words], stdout=subprocess.PIPE, text=True,
                             env=self.env)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        hung = threading.Timer(600, p.kill)     # so that a test that waits in vain ends
        hung.start()
        self.addCleanup(hung.cancel)
        return p

    def expect(self, p, *rows):
        """The next lines begin with these words."""
        for row in rows:
            line = p.stdout.readline()
            self.assertEqual(line.split()[:len(row.split())], row.split(), line)

    def test_what_happens_is_told(self):
        self.apply(service("web"))
        p = self.watch("svc", "--output-watch-events")
        self.expect(p, "EVENT NAME TYPE", "ADDED web ClusterIP")
        self.apply(service("web", 81), service("api"))
        self.expect(p, "ADDED api", "MODIFIED web")
        self.apply(service("api"))          # changes nothing, is not told
        self.apply(pod("a", "10.244.0.2"))  # is not asked for
        self.lines("delete", "svc", "web")
        self.expect(p, "DELETED web")

    def test_before_there_is_any_state(self):
        p = self.watch("po", "-l", "app=web")
        self.apply(pod("a", "10.244.0.2"), pod("b", "10.244.0.3", labels={"app": "db"}))
        self.expect(p, "NAME READY", "a 1/1")
        self.apply(pod("b", "10.244.0.3"))      # by its labels it is one now
        self.expect(p, "b 1/1")

    def test_state_taken_away_and_made_again(self):
        self.apply(service("web"))
        p = self.watch("svc", "--output-watch-events")
        self.expect(p, "EVENT", "ADDED web")
        shutil.rmtree(self.state)
        self.expect(p, "DELETED web")
        self.apply(service("api"))
        self.expect(p, "ADDED api")

    def test_one_object_in_json(self):
        self.apply(service("web"), service("api"))
        p = self.watch("svc", "web", "-o", "json")
        decoder, text = json.JSONDecoder(), ""

        def following():
            nonlocal text
            while True:
                line = p.stdout.readline()
                self.assertTrue(line, "ended")
                text += line
                try:
                    value, end = decoder.raw_decode(text)
                except json.JSONDecodeError:
                    continue
                text = text[end:].lstrip()
                return value["metadata"]["name"], value["spec"]["ports"][0]["port"]

        self.assertEqual(following(), ("web", 80))
        self.apply(service("web", 82), service("api", 83))
        self.assertEqual(following(), ("web", 82))

    def test_ends_when_nobody_reads(self):
        self.apply(service("web"))
        p = self.watch("svc")
        self.expect(p, "NAME", "web")
        p.stdout.close()
        self.assertEqual(p.wait(10), 0)

    def test_ends_when_it_is_told_to(self):
        self.apply(service("web"))
        # Who starts the tests in the background may have them ignore SIGINT, and all their children.
        was = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, was)
        for sig in (signal.SIGINT, signal.SIGTERM):
            p = self.watch("svc")
            self.expect(p, "NAME", "web")
            p.send_signal(sig)
            self.assertEqual(p.wait(10), -sig)

    def test_a_name_that_is_not_there(self):
        self.assertIn("(NotFound)", self.fails("get", "svc", "nope", "-w"))
        self.assertIn("no instance", self.fails("--instance", "typo", "get", "svc", "-w"))
