# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""apply, create: what becomes stored."""
import os
import sqlite3

from case import Case, pod, service


class Create(Case):
    def test_says_created(self):
        path = self.file("a.json", service("web"), pod("web-0", "10.244.0.2"))
        self.assertEqual(self.lines("create", "-f", path),
                         ["service/web created", "pod/web-0 created"])

    def test_refuses_what_exists_and_then_creates_nothing(self):
        self.apply(service("web"))
        path = self.file("a.json", service("web"), service("api"))
        error = self.fails("create", "-f", path)
        self.assertEqual(error.splitlines(), [
            f'Error from server (AlreadyExists): error when creating "{path}": '
            'services "web" already exists', "sluice: nothing is created"])
        self.assertEqual(self.names("svc"), ["service/web"])

    def test_one_of_another_namespace_is_another_one(self):
        self.apply(service("web"))
        path = self.file("a.json", service("web"))
        self.assertEqual(self.lines("create", "-n", "prod", "-f", path), ["service/web created"])

    def test_invalid_is_refused_as_by_apply(self):
        path = self.file("a.json", service("web", 70000))
        self.assertIn("spec.ports[0].port", self.fails("create", "-f", path))


class DryRun(Case):
    def test_makes_no_state(self):
        path = self.file("a.json", service("web"))
        for command in ("apply", "create"):
            self.assertEqual(self.lines("--instance", "typo", command, "--dry-run", "-f", path),
                             ["service/web created (dry run)"])
        self.assertFalse(os.path.exists(self.state))

    def test_changes_nothing(self):
        self.apply(service("web"))
        path = self.file("a.json", service("web", 81), service("api"))
        self.assertEqual(self.lines("apply", "--dry-run=server", "-f", path),
                         ["service/web configured (dry run)", "service/api created (dry run)"])
        self.assertEqual(self.names("svc"), ["service/web"])
        self.assertEqual(self.json("get", "svc", "web")["spec"]["ports"][0]["port"], 80)
        self.lines("delete", "--dry-run", "svc", "web")
        self.assertEqual(self.names("svc"), ["service/web"])

    def test_checks_everything(self):
        path = self.file("a.json", service("web", type="NodePort", ports=[
            {"port": 80, "nodePort": 80}]))
        self.assertIn("nodePort", self.fails("apply", "--dry-run", "-f", path))

    def test_warns_as_the_real_one(self):
        path = self.file("a.json", service("a", externalIPs=["192.0.2.7"]),
                         service("b", externalIPs=["192.0.2.7"]))
        done = [self.run_sluice(*words, "-f", path) for words in
                (("apply", "--dry-run"), ("apply",), ("apply", "--dry-run"))]
        self.assertIn("192.0.2.7", done[0].stderr)
        self.assertEqual(len({d.stderr for d in done}), 1, [d.stderr for d in done])
        for words in ((), ("--datapath",)):
            self.assertEqual(self.run_sluice("diff", *words, "-f", path).stderr, done[0].stderr)

    def test_waits_for_nobody(self):
        """It is no writer."""
        self.apply(service("web"))
        db = sqlite3.connect(f"{self.state}/default/state.db", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        self.apply(service("web"), words=["--dry-run"])
        db.execute("ROLLBACK")
        db.close()


class Prune(Case):
    def setUp(self):
        super().setUp()
        self.file("web.json", service("web", selector={"app": "web"}))
        self.file("pods.json", pod("a", "10.244.0.2"), pod("b", "10.244.0.3"))
        self.assertEqual(self.lines("apply", "--prune", "-f", self.files),
                         ["pod/a created", "pod/b created", "service/web created"])

    def addresses(self):
        return sorted(a for s in self.json("get", "eps")["items"]
                      for e in s.get("endpoints", []) for a in e["addresses"])

    def test_a_pod_that_left_the_files(self):
        self.assertEqual(self.addresses(), ["10.244.0.2", "10.244.0.3"])
        self.file("pods.json", pod("b", "10.244.0.3"))
        self.assertEqual(self.lines("apply", "--prune", "-f", self.files),
                         ["pod/b unchanged", "service/web unchanged", "pod/a pruned"])
        self.assertEqual(self.addresses(), ["10.244.0.3"])
        self.assertEqual(self.names("po,svc"), ["pod/b", "service/web"])

    def test_what_is_generated_stays_with_its_service(self):
        before = self.names("eps")
        self.assertEqual(len(before), 1)
        self.lines("apply", "--prune", "-f", self.files)
        self.assertEqual(self.names("eps"), before)
        os.unlink(f"{self.files}/web.json")
        self.assertEqual(self.lines("apply", "--prune", "-f", self.files)[-1],
                         "service/web pruned")
        self.assertEqual(self.names("eps"), [])

    def test_all_namespaces_or_that_of_n(self):
        self.apply(service("other", namespace="prod"), service("more", namespace="prod"))
        self.file("prod.json", service("more", namespace="prod"))
        out = self.lines("apply", "--prune", "--all", "-n", "prod", "-f",
                         f"{self.files}/prod.json")
        self.assertEqual(out, ["service/more unchanged", "service/other pruned"])
        os.unlink(f"{self.files}/prod.json")
        self.assertEqual(self.lines("apply", "--prune", "--all", "-f", self.files)[-1],
                         "service/more pruned")

    def test_labels_bound_it(self):
        self.apply(service("mine", labels={"team": "a"}), service("gone", labels={"team": "a"}))
        path = self.file("x.json", service("mine", labels={"team": "a"}), service("theirs"))
        self.assertEqual(self.lines("apply", "--prune", "-l", "team=a", "-f", path),
                         ["service/mine unchanged", "service/gone pruned"])
        self.assertEqual(self.names("svc"), ["service/mine", "service/web"])

    def test_what_the_pruned_ones_had_can_be_taken(self):
        ip = self.json("get", "svc", "web")["spec"]["clusterIP"]
        self.file("web.json", service("web2", clusterIP=ip))
        self.assertEqual(self.lines("apply", "--prune", "-f", self.files)[-2:],
                         ["service/web2 created", "service/web pruned"])

    def test_an_error_prunes_nothing(self):
        before = self.out("get", "svc,po,eps", "-o", "yaml")
        self.file("pods.json", pod("b", "not an address"))
        self.fails("apply", "--prune", "-f", self.files)
        self.assertEqual(self.out("get", "svc,po,eps", "-o", "yaml"), before)

    def test_dry_run(self):
        self.file("pods.json", pod("b", "10.244.0.3"))
        self.assertIn("pod/a pruned (dry run)",
                      self.lines("apply", "--prune", "--dry-run", "-f", self.files))
        self.assertEqual(self.names("po"), ["pod/a", "pod/b"])

    def test_one_file_is_not_taken_for_all_there_is(self):
        path = self.file("web.json", service("web", selector={"app": "web"}))
        error = self.fails("apply", "--prune", "-f", path, status=2)
        self.assertIn("--all or -l", error)
        self.assertIn("usage", self.fails("apply", "--prune", "--all", "-l", "a", "-f", path,
                                          status=2))
        self.assertIn("usage", self.fails("apply", "--all", "-f", path, status=2))
        for words in (("-f", path), ("-f", self.files)):
            self.assertIn("-l", self.fails("apply", "--prune", "-l", "", *words))
        self.assertEqual(self.names("po"), ["pod/a", "pod/b"])
        self.lines("apply", "--prune", "--all", "-f", path)
        self.assertEqual(self.names("po"), [])

    def test_no_files_is_not_nothing_wanted(self):
        for name in os.listdir(self.files):
            os.unlink(f"{self.files}/{name}")
        self.assertIn("no objects", self.fails("apply", "--prune", "-f", self.files))
        self.assertEqual(self.names("po"), ["pod/a", "pod/b"])


class Files(Case):
    def test_with_commas(self):
        a, b = self.file("a.json", service("a")), self.file("b.json", service("b"))
        self.assertEqual(self.lines("apply", "-f", f"{a},{b}"),
                         ["service/a created", "service/b created"])
        self.assertEqual(self.lines("apply", "--prune", "-f", f"{a},{self.files}", status=1), [])
        self.assertEqual(self.lines("delete", "-f", f"{b},{a}"),
                         ['service "b" deleted', 'service "a" deleted'])
        self.assertIn("nope.json", self.fails("apply", "-f", f"{a},nope.json"))

    def test_all_sorts_of_faults_in_one_run_and_in_order(self):
        self.apply(service("taken", type="NodePort", ports=[{"port": 80, "nodePort": 30080}]))
        before = self.out("get", "all", "-o", "yaml")
        a = self.file("a.yaml", service("a", 70000), service("b", type="NodePort", ports=[
            {"port": 80, "nodePort": 30080}]), service("c", trafficDistribution="Far"))
        b = self.file("b.yaml", service("d", selector="x"), service("a"),
                      service("e", namespace="prod", clusterIP="192.0.2.1"), service("good"))
        lines = self.fails("apply", "-f", f"{a},{b}").splitlines()
        self.assertEqual(len(lines), 6, lines)
        lines[0] = lines[0].removeprefix("sluice: ")
        for line, file, text in zip(lines, [a, a, a, b, b, b], [
                "spec.ports[0].port: Invalid value: 70000",
                'The Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 30080: '
                "provided port is already allocated",
                'The Service "c" is invalid: spec.trafficDistribution: Unsupported value',
                "spec.selector: must be a map",
                f'Service "a" in namespace "default" is given twice, first at {a}:1',
                "is not in the valid range. The range of valid IPs is 10.96.0.0/12"]):
            self.assertRegex(line, f"^{file}:[0-9]+: ")
            self.assertIn(text, line)
        numbers = [int(line.split(":")[1]) for line in lines]
        self.assertEqual(numbers, sorted(numbers[:3]) + sorted(numbers[3:]))
        for command in ("apply", "diff"):
            self.assertEqual(self.fails(command, "-f", a, "-f", b, status=2 if command == "diff"
                                        else 1).splitlines()[1:], lines[1:])
        self.assertEqual(self.out("get", "all", "-o", "yaml"), before)

    def test_the_line_is_told_of_a_long_path_too(self):
        self.files += f"/{'c' * 200}/{'d' * 100}"
        os.makedirs(self.files)
        path = self.file("a.json", service("a", 0), service("b"), service("b"))
        lines = self.fails("apply", "-f", path).splitlines()
        self.assertRegex(lines[0], r"\.\.\.c+/d+/a.json:1: The Service \"a\" is invalid")
        self.assertRegex(lines[1], r"\.\.\.c+/d+/a.json:[0-9]+: Service .* first at "
                                   r"\.\.\.c+/d+/a.json:[0-9]+$")

    def test_another_namespace_is_told_of_each(self):
        path = self.file("a.json", service("a", namespace="x"), service("b", 0),
                         service("c", namespace="y"))
        error = self.fails("apply", "-n", "prod", "-f", path)
        self.assertEqual([part in error for part in ('"x"', '"b" is invalid', '"y"')], [True] * 3)
        self.assertEqual(len(error.splitlines()), 3)

    def test_labels_choose_among_faults_too(self):
        path = self.file("a.json", service("a", 0, labels={"tier": "x"}), service("b", 0))
        self.assertIn('"a" is invalid', self.fails("apply", "-l", "tier=x", "-f", path))
        self.assertNotIn('"b"', self.fails("apply", "-l", "tier=x", "-f", path))

    def test_a_file_that_cannot_be_read_is_one_fault_among_others(self):
        self.file("a.json", service("a", 0))
        os.symlink("nowhere", f"{self.files}/b.json")
        self.file("c.json", service("c", "x"))
        for words, missing in ((("-f", self.files), f"{self.files}/b.json"),
                               (("-f", f"{self.files}/a.json,nope,{self.files}/c.json"), "nope")):
            lines = self.fails("apply", *words).splitlines()
            self.assertEqual(len(lines), 3, lines)
            self.assertIn('"a" is invalid', lines[0])
            self.assertEqual(lines[1], f"{missing}: cannot open: No such file or directory")
            self.assertIn('not the string "x"', lines[2])

    def test_nothing_but_faults_makes_no_state(self):
        path = self.file("a.json", service("a", "x"))
        self.assertIn('not the string "x"', self.fails("apply", "-f", path))
        path = self.file("a.json", service("a", "x"), service("b"))
        self.assertIn('not the string "x"', self.fails("apply", "-f", path))
        self.assertFalse(os.path.exists(self.state))

    def test_all_that_is_wrong_is_told(self):
        error = self.fails("apply", "-f", self.file("a.json", service("a", 70000, type="None"),
                                                     service("b", "x")))
        self.file("z.json", service("z", "y"))
        for words in (("-f", self.files), ("-f", f"{self.files}/a.json", "-f", f"{self.files}/z.json")):
            lines = self.fails("apply", *words).splitlines()
            self.assertEqual(len(lines), 4)
            self.assertIn(f"{self.files}/z.json:", lines[3])
        for text in ("spec.type: Unsupported value", "spec.ports[0].port: Invalid value: 70000",
                     'not the string "x"'):
            self.assertIn(text, error)
        self.assertEqual(self.names("svc"), [])


class Fields(Case):
    TEXT = """apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selektor: {app: web}
  ports:
  - port: 80
    nodeport: 30080
"""

    def told(self, name, how):
        return [f'sluice: {how}{name}:5: unknown field "spec.selektor": did you mean "selector"?',
                f'{"sluice: " + how if how else ""}{name}:8: unknown field "spec.ports[0].nodeport": '
                'did you mean "nodePort"?']

    def test_misspelt_ones_are_told_and_not_read(self):
        for words in (("apply", "--dry-run"), ("create", "--dry-run"), ("apply",)):
            done = self.run_sluice(*words, "-f", "-", text=self.TEXT)
            self.assertEqual(done.stderr.splitlines(), self.told("stdin", "warning: "))
            self.assertTrue(done.stdout.startswith("service/web created"))
        self.assertNotIn("selector", self.json("get", "svc", "web")["spec"])
        done = self.run_sluice("diff", "-f", "-", text=self.TEXT)
        self.assertEqual(done.stderr.splitlines(), self.told("stdin", "warning: "))

    def test_strict_refuses_them(self):
        for command, status in (("apply", 1), ("create", 1), ("diff", 2)):
            error = self.fails(command, "--strict", "-f", "-", text=self.TEXT, status=status)
            self.assertEqual(error.splitlines(), self.told("stdin", ""))
        self.assertEqual(self.names("svc"), [])

    def test_other_commands_do_not_mind(self):
        self.lines("apply", "-f", "-", text=self.TEXT)
        for command in ("get", "delete"):
            self.assertEqual(self.run_sluice(command, "-f", "-", text=self.TEXT).stderr, "")

    def test_many_are_counted(self):
        path = self.file("a.json", *({**service(f"s{i}"), "x": 1} for i in range(50)))
        lines = self.run_sluice("apply", "-f", path).stderr.splitlines()
        self.assertEqual(len(lines), 21)
        self.assertEqual(lines[20], "sluice: warning: and 30 more unknown fields")

    def test_what_is_printed_has_none(self):
        """By us, and by kubectl."""
        here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../manifests/")
        for name in ("kubectl-cluster.yaml", "kubectl-list.yaml", "kubectl-list.json"):
            self.run_sluice("apply", "--strict", "-f", here + name)
        text = self.out("get", "svc,ep,eps,po,no", "-A", "-o", "yaml")
        self.assertEqual(self.run_sluice("apply", "--strict", "-f", "-", text=text).stderr, "")


class Selector(Case):
    def test_files_are_filtered(self):
        path = self.file("a.json", service("a", labels={"tier": "x"}), service("b"))
        self.assertEqual(self.lines("apply", "-l", "tier in (x,y)", "-f", path),
                         ["service/a created"])
        self.assertIn("-l", self.fails("apply", "-l", "tier=none", "-f", path))

    def test_nonsense(self):
        path = self.file("a.json", service("a"))
        self.assertIn('expected \'(\'', self.fails("apply", "-l", "a in", "-f", path))
