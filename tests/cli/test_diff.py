# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
import os
import re
import subprocess

from case import Case, pod, service


def fixed(port=80, **spec):
    return service("web", {"port": port, "targetPort": 8080}, clusterIP="10.96.0.80",
                   selector={"app": "web"}, **spec)


class Diff(Case):
    def setUp(self):
        super().setUp()
        self.path = self.file("web.json", fixed(), pod("a", "10.244.0.2"))
        self.out("apply", "-f", self.path)

    def changed(self, *words, status=1):
        """The lines that a diff takes away and puts there."""
        lines = self.lines("diff", *words, status=status)
        return [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]

    def test_no_difference(self):
        self.assertEqual(self.out("diff", "-f", self.path, status=0), "")

    def test_unified_diff_of_an_object(self):
        path = self.file("b.json", fixed(81))
        lines = self.lines("diff", "-f", path, status=1)
        self.assertEqual(lines[:2], ["--- LIVE/v1.Service.default.web",
                                     "+++ MERGED/v1.Service.default.web"])
        self.assertTrue(lines[2].startswith("@@ "), lines[2])
        self.assertEqual(self.changed("-f", path), ["-  - port: 80", "+  - port: 81"])
        self.assertEqual(self.json("get", "svc", "web")["spec"]["ports"][0]["port"], 80)

    def test_new_object(self):
        path = self.file("b.json", service("new", clusterIP="10.96.0.9"))
        self.assertIn("+  name: new", self.changed("-f", path))
        self.assertNotIn("\n-", self.out("diff", "-f", path, status=1).replace("\n---", ""))

    def test_whole_objects_look_as_those_of_diff(self):
        """They are not diff(1)'s work."""
        text = self.out("get", "pod", "a", "-o", "yaml")
        name = "v1.Pod.default.a"
        full = self.file("empty.json", fixed())
        for live, merged in ((text, ""), ("", text)):
            for path, value in (("live", live), ("merged", merged)):
                with open(f"{self.files}/{path}.txt", "w", encoding="utf8") as f:
                    f.write(value)
            want = subprocess.run(["diff", "-u", "--label", f"LIVE/{name}", "--label",
                                   f"MERGED/{name}", "live.txt", "merged.txt"], cwd=self.files,
                                  stdout=subprocess.PIPE, text=True, check=False).stdout
            if live:
                got = self.out("diff", "--prune", "--all", "-f", full, status=1)
            else:
                self.out("delete", "pod", "a")
                got = self.out("diff", "-f", f"{self.files}/merged.txt", status=1)
                want = re.sub(r"\n\+  (creationTimestamp|uid): .*", "", want)
                want = want.replace("+1,%d" % text.count("\n"), "+1,%d" % (text.count("\n") - 2))
            self.assertIn(want, got)

    def test_what_follows_from_a_pod(self):
        path = self.file("b.json", pod("a", "10.244.0.3"))
        out = self.out("diff", "-f", path, status=1)
        self.assertIn("discovery.k8s.io.v1.EndpointSlice.default.web-", out)
        self.assertIn("+  - 10.244.0.3", out.splitlines())

    def test_prune(self):
        """As apply --prune has it, which removes nothing for a slip."""
        path = self.file("b.json", fixed())
        self.assertEqual(self.out("diff", "-f", path), "")
        self.assertIn("-  podIP: 10.244.0.2", self.changed("--prune", "--all", "-f", path))
        for words in (("--prune",), ("--all",), ("--prune", "--all", "-l", "a")):
            self.assertEqual(self.fails("diff", *words, "-f", path, status=2).split(": ", 2)[2],
                             self.fails("apply", *words, "-f", path, status=2)
                             .replace("apply", "diff").split(": ", 2)[2])
        self.assertEqual(self.names("po"), ["pod/a"])

    def test_datapath(self):
        path = self.file("b.json", fixed(81), pod("a", "10.244.0.3", node="n2"))
        lines = self.lines("diff", "--datapath", "-f", path, status=1)
        at = lines.index("--- LIVE/datapath")
        self.assertEqual([line for line in lines[at + 2:] if line[0] in "+-"], [
            "-frontend default/web TCP 10.96.0.80:80 cluster-ip Cluster",
            "-backend default/web TCP 10.244.0.2:8080 cluster node n1",
            "+frontend default/web TCP 10.96.0.80:81 cluster-ip Cluster",
            "+backend default/web TCP 10.244.0.3:8080 cluster node n2"])

    def test_datapath_knows_policies(self):
        path = self.file("b.json", fixed(internalTrafficPolicy="Local"))
        changed = self.changed("--datapath", "-f", path)
        self.assertIn("+frontend default/web TCP 10.96.0.80:80 cluster-ip Local", changed)

    def test_without_state_all_is_new_and_nothing_is_made(self):
        self.env["SLUICE_STATE_DIR"] += "-other"
        self.assertIn("+kind: Pod", self.changed("-f", self.path))
        self.assertFalse(os.path.exists(self.env["SLUICE_STATE_DIR"]))

    def test_failures_are_above_one(self):
        self.assertIn("missing.yaml", self.fails("diff", "-f", "missing.yaml", status=2))
        bad = self.file("b.json", service("web", 70000))
        self.assertIn("port", self.fails("diff", "-f", bad, status=2))
        self.assertIn("usage: sluice diff", self.fails("diff", status=2))
        self.env["PATH"] = "/nonexistent"
        path = self.file("c.json", fixed(81))
        self.assertIn("install diffutils", self.fails("diff", "-f", path, status=2))
