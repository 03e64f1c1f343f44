# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
from case import Case, pod, service


class Describe(Case):
    maxDiff = None

    def test_looks_like_kubectl(self):
        web = service("web", {"name": "http", "port": 80, "targetPort": 8080, "nodePort": 30080},
                      {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": "dns"},
                      labels={"app": "web", "tier": "front"}, type="LoadBalancer",
                      clusterIP="10.96.0.80", selector={"app": "web"}, externalIPs=["192.0.2.7"],
                      externalTrafficPolicy="Local", healthCheckNodePort=30500,
                      loadBalancerSourceRanges=["203.0.113.0/24", "198.51.100.0/24"],
                      sessionAffinity="ClientIP")
        web["spec"]["ports"][1]["nodePort"] = 30053
        web["metadata"]["annotations"] = {
            "note": "by hand", "kubectl.kubernetes.io/last-applied-configuration": "{}"}
        web["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"},
                                                      {"hostname": "lb.example"}]}}
        pods = [pod(f"p{i}", f"10.244.0.{i}") for i in range(2, 7)]
        self.apply(web, *pods, pod("unready", "10.244.0.9", ready=False))
        self.assertEqual(self.out("describe", "service", "web"), """\
Name:                        web
Namespace:                   default
Labels:                      app=web
                             tier=front
Annotations:                 note: by hand
Selector:                    app=web
Type:                        LoadBalancer
IP Family Policy:            SingleStack
IP Families:                 IPv4
IP:                          10.96.0.80
IPs:                         10.96.0.80
External IPs:                192.0.2.7
LoadBalancer Ingress:        192.0.2.1 (VIP)
                             lb.example
Port:                        http  80/TCP
TargetPort:                  8080/TCP
NodePort:                    http  30080/TCP
Endpoints:                   10.244.0.2:8080,10.244.0.3:8080,10.244.0.4:8080 + 2 more...
Port:                        dns  53/UDP
TargetPort:                  dns/UDP
NodePort:                    dns  30053/UDP
Endpoints:                   <none>
Session Affinity:            ClientIP
External Traffic Policy:     Local
Internal Traffic Policy:     Cluster
HealthCheck NodePort:        30500
LoadBalancer Source Ranges:  203.0.113.0/24,198.51.100.0/24
""")

    def test_headless_and_external_name(self):
        self.apply(service("h", clusterIP="None"), {
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"},
            "spec": {"type": "ExternalName", "externalName": "example.com"}})
        lines = self.lines("describe", "svc", "h")
        self.assertIn("IP:                       None", lines)
        self.assertIn("Port:                     <unset>  80/TCP", lines)
        self.assertIn("External Name:     example.com", self.lines("describe", "svc/x"))

    def test_several(self):
        self.apply(service("a", labels={"t": "1"}), service("b"), service("c", namespace="prod"))
        names = [line.split()[-1] for line in self.lines("describe", "svc", "-A")
                 if line.startswith("Name:")]
        self.assertEqual(names, ["a", "b", "c"])
        names = [line.split()[-1] for line in self.lines("describe", "svc", "-l", "t")
                 if line.startswith("Name:")]
        self.assertEqual(names, ["a"])

    def test_not_found(self):
        self.apply(service("a"))
        self.assertEqual(self.fails("describe", "svc", "nope"),
                         'Error from server (NotFound): services "nope" not found\n')
        self.assertEqual(self.run_sluice("describe", "svc", "-n", "prod").stderr,
                         "No resources found in prod namespace.\n")

    def test_usage(self):
        for words in ((), ("pod", "x"), ("svc", "a", "-l", "b")):
            self.assertIn("usage: sluice describe", self.fails("describe", *words, status=2))
