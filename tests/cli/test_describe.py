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

    def test_pod(self):
        a = pod("a", "10.244.0.2")
        a["spec"].update(hostNetwork=True, hostname="db-0", subdomain="db", containers=[
            {"name": "c", "ports": [{"containerPort": 80, "name": "http"},
                                    {"containerPort": 53, "protocol": "UDP"}]}])
        a["status"]["podIPs"] = [{"ip": "10.244.0.2"}, {"ip": "fd00::2"}]
        self.apply(a)
        self.assertEqual(self.out("describe", "pod", "a"), """\
Name:          a
Namespace:     default
Labels:        app=web
Annotations:   <none>
Node:          n1
Status:        Running
IP:            10.244.0.2
IPs:           10.244.0.2,fd00::2
Host Network:  true
Hostname:      db-0
Subdomain:     db
Ports:         80/TCP (http), 53/UDP
Conditions:
  Type   Status
  Ready  True
""")

    def test_node(self):
        self.apply({"apiVersion": "v1", "kind": "Node",
                    "metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "a"}},
                    "spec": {"podCIDRs": ["10.244.0.0/24"]},
                    "status": {"addresses": [{"type": "InternalIP", "address": "192.168.0.1"},
                                             {"type": "ExternalIP", "address": "203.0.113.1"}],
                               "allocatable": {"cpu": "4"},
                               "conditions": [{"type": "Ready", "status": "True"}]}},
                   pod("a", "10.244.0.2"), pod("b", "10.244.1.2", node="n2"))
        self.assertEqual(self.out("describe", "node/n1"), """\
Name:         n1
Labels:       topology.kubernetes.io/zone=a
Annotations:  <none>
PodCIDRs:     10.244.0.0/24
Conditions:
  Type   Status
  Ready  True
Addresses:
  InternalIP:  192.168.0.1
  ExternalIP:  203.0.113.1
Allocatable:
  cpu:  4000m
Non-terminated Pods:  (1 in total)
  Namespace  Name
  ---------  ----
  default    a
""")

    def test_endpointslice_and_endpoints(self):
        self.apply({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                    "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
                    "addressType": "IPv4", "ports": [{"name": "http", "port": 8080}],
                    "endpoints": [{"addresses": ["10.0.0.1"], "zone": "a", "nodeName": "n1",
                                   "conditions": {"ready": False, "serving": True},
                                   "hints": {"forZones": [{"name": "a"}, {"name": "b"}]},
                                   "targetRef": {"kind": "Pod", "name": "web-0"}},
                                  {"addresses": ["10.0.0.2"]}]},
                   {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db"},
                    "subsets": [{"addresses": [{"ip": "10.0.0.3"}, {"ip": "10.0.0.4"}],
                                 "ports": [{"port": 5432}]}]})
        self.assertEqual(self.out("describe", "eps/web-1", "ep/db"), """\
Name:         web-1
Namespace:    default
Labels:       kubernetes.io/service-name=web
Annotations:  <none>
AddressType:  IPv4
Ports:
  Name  Port   Protocol
  ----  ----   --------
  http  8080   TCP
Endpoints:
  - Addresses:    10.0.0.1
    Conditions:
      Ready:        false
      Serving:      true
    Hostname:     <unset>
    TargetRef:    Pod/web-0
    NodeName:     n1
    Zone:         a
    ForZones:     a,b
  - Addresses:    10.0.0.2
    Conditions:
      Ready:        <unset>
    Hostname:     <unset>
    NodeName:     <unset>
    Zone:         <unset>


Name:         db
Namespace:    default
Labels:       <none>
Annotations:  <none>
Subsets:
  Addresses:          10.0.0.3,10.0.0.4
  NotReadyAddresses:  <none>
  Ports:
    Name     Port   Protocol
    ----     ----   --------
    <unset>  5432   TCP
""")

    def test_several_kinds(self):
        self.apply(service("a"), pod("p", "10.244.0.2"))
        names = [line.split()[-1] for line in self.lines("describe", "all")
                 if line.startswith("Name:")]
        self.assertEqual(names, ["p", "a"])

    def test_several(self):
        self.apply(service("a", labels={"t": "1"}), service("b"), service("c", namespace="prod"))
        names = [line.split()[-1] for line in self.lines("describe", "svc", "-A")
                 if line.startswith("Name:")]
        self.assertEqual(names, ["a", "b", "c"])
        names = [line.split()[-1] for line in self.lines("describe", "svc", "-l", "t")
                 if line.startswith("Name:")]
        self.assertEqual(names, ["a"])

    def test_a_name_that_nobody_has_is_how_names_begin(self):
        self.apply(service("web"), service("web-2"), service("api"))
        for words, want in ((("web",), ["web"]), (("we",), ["web", "web-2"]),
                            (("web-", "api"), ["web-2", "api"])):
            self.assertEqual([line.split()[-1] for line in self.lines("describe", "svc", *words)
                              if line.startswith("Name:")], want)

    def test_not_found(self):
        self.apply(service("a"))
        self.assertEqual(self.fails("describe", "svc", "nope"),
                         'Error from server (NotFound): services "nope" not found\n')
        self.assertEqual(self.run_sluice("describe", "svc", "-n", "prod").stderr,
                         "No resources found in prod namespace.\n")

    def test_usage(self):
        for words in ((), ("deploy", "x"), ("svc", "a", "-l", "b")):
            self.assertIn("usage: sluice describe", self.fails("describe", *words, status=2))

    def test_what_others_wrote_steers_no_terminal(self):
        web = service("web")
        web["metadata"]["annotations"] = {"note": "a\x1b[2J\u009b1m\nName: forged"}
        part = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {"name": "s"}, "addressType": "IPv4", "ports": [{"port": 80}],
                "endpoints": [{"addresses": ["10.0.0.1"],
                               "targetRef": {"kind": "Po\rd", "name": "\x07x\ny"}}]}
        failed = pod("p", "10.244.0.2")
        failed["status"].update(phase="Failed", reason="Evic\x1bted")
        self.apply(web, part, failed)
        said = self.out("describe", "svc", "web")
        self.assertIn(f"note: a\\x1b[2J\\x9b1m\n{' ' * 26}Name: forged\n", said)
        self.assertEqual([line for line in said.splitlines() if line.startswith("Name:")],
                         ["Name:                     web"])
        self.assertIn("    TargetRef:    Po\\x0dd/\\x07x\n                  y\n",
                      self.out("describe", "eps", "s"))
        self.assertIn("Status:       Evic\\x1bted\n", self.out("describe", "pod", "p"))
