# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
from case import Case, service


class Config(Case):
    def test_wrong_values_are_usage_errors(self):
        for option, value, why in (("lb-pool", "web", "is not a CIDR"),
                                   ("lb-pool", "10.96.0.0/16", "overlaps the service CIDR"),
                                   ("service-cidr", "10.0.0.0/31", "from /8 to /30"),
                                   ("node-port-range", "80", "is not a range")):
            error = self.fails("config", f"--{option}", value, status=2)
            self.assertTrue(error.startswith(f"sluice: config: --{option}: "), error)
            self.assertIn(why, error)
            self.assertIn("usage: sluice config", error)
        self.assertIn(["lb-pool", "none"], [line.split() for line in self.lines("config")])

    def test_an_empty_pool_is_told(self):
        self.lines("config", "--lb-pool", "192.0.2.1/32")
        path = self.file("a.json", service("a", type="LoadBalancer"),
                         service("b", type="LoadBalancer"))
        warning = ("sluice: warning: Service default/b: no IPv4 address is free in the load "
                   "balancer pools\n")
        for words in (("--dry-run",), (), ()):
            self.assertEqual(self.run_sluice("apply", "-f", path, *words).stderr, warning)
        self.assertEqual([line.split()[3] for line in self.lines("get", "svc")[1:]],
                         ["192.0.2.1", "<pending>"])
        self.lines("config", "--lb-pool", "192.0.2.0/31")
        self.assertEqual(self.run_sluice("apply", "-f", path).stderr, "")


class Node(Case):
    def test_has_a_name(self):
        for name in ("N 1", "", "Node1", "n1_"):
            self.assertIn(f'--node "{name}": a lowercase RFC 1123 subdomain',
                          self.fails("attach", "--node", name, "eth0", status=2))
