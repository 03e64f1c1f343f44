# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
import os

from case import Case, pod, service


class Delete(Case):
    def setUp(self):
        super().setUp()
        self.apply(service("web", labels={"tier": "front"}, selector={"app": "web"}),
                   service("api", labels={"tier": "back"}),
                   service("web", namespace="prod", labels={"tier": "front"}),
                   pod("a", "10.244.0.2"))

    def test_by_name(self):
        self.assertEqual(self.lines("delete", "service", "web", "api"),
                         ['service "web" deleted', 'service "api" deleted'])
        self.assertEqual(self.names("svc", "-A"), ["service/web"])

    def test_by_pair_and_short_name(self):
        self.assertEqual(self.lines("delete", "svc/api", "po/a"),
                         ['service "api" deleted', 'pod "a" deleted'])

    def test_by_label(self):
        self.assertEqual(self.lines("delete", "svc", "-l", "tier=front"), ['service "web" deleted'])
        self.assertEqual(len(self.names("svc", "-A")), 2)
        self.assertEqual(self.lines("delete", "svc", "-l", "tier=front", "-A"),
                         ['service "web" deleted'])
        self.assertEqual(self.names("svc", "-A"), ["service/api"])

    def test_all(self):
        self.assertEqual(self.lines("delete", "svc,po", "--all"),
                         ['service "api" deleted', 'service "web" deleted', 'pod "a" deleted'])
        self.assertEqual(self.names("svc,po,eps", "-A"), ["service/web"])
        self.assertEqual(self.lines("delete", "svc", "--all", "-A"), ['service "web" deleted'])

    def test_by_file(self):
        path = self.file("a.json", service("web"), pod("a", "10.244.0.2"))
        self.assertEqual(self.lines("delete", "-f", path),
                         ['service "web" deleted', 'pod "a" deleted'])

    def test_what_is_not_there(self):
        error = self.fails("delete", "svc", "web", "nope")
        self.assertEqual(error.splitlines()[0],
                         'Error from server (NotFound): services "nope" not found')
        self.assertEqual(len(self.names("svc")), 2, "all or nothing")
        error = self.fails("delete", "eps", "nope")
        self.assertIn('(NotFound): endpointslices.discovery.k8s.io "nope" not found', error)
        path = self.file("a.json", service("web"), service("nope"))
        self.assertIn('services "nope" not found', self.fails("delete", "-f", path))
        self.assertEqual(len(self.names("svc")), 2)

    def test_of_many_owners(self):
        """Each of them might take it along, but nobody looks at all for each."""
        owners = [{"apiVersion": "v1", "kind": "Service", "name": f"s{i}"} for i in range(8000)]
        path = self.file("a.json", {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "big", "ownerReferences": owners}, "endpoints": []})
        self.run_sluice("apply", "-f", path)
        self.assertEqual(self.lines("delete", "eps", "big"),
                         ['endpointslice.discovery.k8s.io "big" deleted'])

    def test_ignore_not_found(self):
        self.assertEqual(self.lines("delete", "svc", "web", "nope", "--ignore-not-found"),
                         ['service "web" deleted'])
        done = self.run_sluice("delete", "svc", "nope", "--ignore-not-found")
        self.assertEqual(done.stdout + done.stderr, "")
        path = self.file("a.json", service("api"), service("nope"))
        self.assertEqual(self.lines("delete", "--ignore-not-found", "-f", path),
                         ['service "api" deleted'])

    def test_nothing_is_meant(self):
        done = self.run_sluice("delete", "no", "--all")
        self.assertEqual((done.stdout, done.stderr), ("", "No resources found\n"))

    def test_twice_is_once(self):
        self.assertEqual(self.lines("delete", "svc", "web", "web"), ['service "web" deleted'])

    def test_everything(self):
        self.lines("delete", "all", "--all", "-A", "-n", "prod")
        self.assertEqual(self.names("all", "-A"), [])

    def test_makes_no_state(self):
        self.env["SLUICE_STATE_DIR"] += "-other"
        self.assertIn('services "x" not found', self.fails("delete", "svc", "x"))
        for words in (("delete", "svc", "x"), ("delete", "svc", "--all"), ("sync",)):
            error = self.fails("--instance", "typo", *words)
            self.assertEqual(error, 'sluice: there is no instance "typo"\n')
        self.assertIn("nothing is attached", self.fails("sync"))
        self.assertFalse(os.path.exists(self.env["SLUICE_STATE_DIR"]))

    def test_usage(self):
        for words in ((), ("svc",), ("svc", "web", "--all"), ("svc", "web", "-l", "a=b"),
                      ("svc", "--all", "-l", "a=b"), ("svc", "web", "-A"), ("deployments", "x"),
                      ("svc", "-l", "a in"), ("svc", "-l", ""), ("svc", "-l", " "),
                      ("-f", "x.yaml", "svc"), ("-f", "x.yaml", "--all")):
            error = self.fails("delete", *words, status=2)
            self.assertIn("usage: sluice delete", error)
        self.assertEqual(len(self.names("svc", "-A")), 3)
