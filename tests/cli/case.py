# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the tests of the command line have in common: a state directory of their own, and the
command, run without anything attached. Neither root nor a network is needed.

    make check-cli        or        python3 -B -m unittest discover -s tests/cli [-k NAME]
"""
import json
import os
import subprocess
import tempfile
import unittest

SLUICE = os.path.abspath(os.environ.get("SLUICE", "build/sluice"))


def service(name, *ports, namespace=None, labels=None, **spec):
    meta = {"name": name}
    if namespace:
        meta["namespace"] = namespace
    if labels:
        meta["labels"] = labels
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta,
            "spec": {"ports": [p if isinstance(p, dict) else {"port": p}
                               for p in ports or (80,)], **spec}}


def pod(name, ip, labels=None, node="n1", ready=True):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": labels or {"app": "web"}},
            "spec": {"nodeName": node},
            "status": {"podIP": ip, "conditions": [{"type": "Ready", "status": str(ready)}]}}


class Case(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory(prefix="sluice-cli-")
        self.addCleanup(temp.cleanup)
        self.state = temp.name + "/state"
        self.files = temp.name + "/files"
        os.mkdir(self.files)
        self.env = {**os.environ, "SLUICE_STATE_DIR": self.state, "LC_ALL": "C.UTF-8"}

    def run_sluice(self, *words, text=None, status=0):
        done = subprocess.run([SLUICE, *words], input=text, capture_output=True, text=True,
                              env=self.env, timeout=600, check=False)
        self.assertEqual(done.returncode, status,
                         f"{' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def out(self, *words, **how):
        return self.run_sluice(*words, **how).stdout

    def lines(self, *words, **how):
        return self.out(*words, **how).splitlines()

    def fails(self, *words, status=1, text=None):
        """What standard error says."""
        return self.run_sluice(*words, status=status, text=text).stderr

    def json(self, *words):
        return json.loads(self.out(*words, "-o", "json"))

    def file(self, name, *objects):
        """Its path."""
        path = f"{self.files}/{name}"
        with open(path, "w", encoding="utf8") as f:
            f.write("---\n".join(json.dumps(o, indent=1) + "\n" for o in objects))
        return path

    def apply(self, *objects, words=()):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        return self.lines("apply", "-f", "-", *words, text=text)

    def names(self, *words):
        return self.lines("get", *words, "-o", "name")
