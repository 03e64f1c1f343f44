# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Endpoints, and the EndpointSlices of a cluster's controllers beside what they were made of."""
import json

from case import Case, pod, service

KUBE = "endpointslice-controller.k8s.io"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"


def imported_slice(name, owner, *ips, port=80):
    """As `kubectl get endpointslices -o yaml` prints it."""
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": name, "generateName": owner + "-", "resourceVersion": "7",
                         "uid": "0f7e8a3c-7f4e-4b62-8b57-5f2a3d3b0c55",
                         "annotations": {"endpoints.kubernetes.io/last-change-trigger-time":
                                         "2026-01-01T00:00:00Z"},
                         "labels": {"kubernetes.io/service-name": owner, MANAGED_BY: KUBE},
                         "ownerReferences": [{"apiVersion": "v1", "kind": "Service",
                                              "name": owner, "controller": True,
                                              "blockOwnerDeletion": True, "uid": "u"}]},
            "addressType": "IPv4", "ports": [{"name": "", "port": port, "protocol": "TCP"}],
            "endpoints": [{"addresses": [ip], "nodeName": "n1",
                           "conditions": {"ready": True, "serving": True, "terminating": False},
                           "targetRef": {"kind": "Pod", "name": f"p{ip[-1]}",
                                         "namespace": "default", "uid": "u"}} for ip in ips]}


def node(name, ready="True"):
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
            "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def endpoints(name, *ips, port=80):
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name},
            "subsets": [{"addresses": [{"ip": ip} for ip in ips], "ports": [{"port": port}]}]}


class Endpoints(Case):
    def rows(self, *words):
        return [line.split(None, 1) for line in self.lines("get", "ep", "--no-headers", *words)]

    def shown(self, name):
        """The ENDPOINTS cell."""
        return self.lines("get", "ep", name)[1].split(None, 1)[1].rsplit(None, 1)[0].strip()

    def test_a_row_for_each_service_with_a_selector(self):
        self.apply(service("web", selector={"app": "web"}, labels={"tier": "front"}),
                   service("none", selector={"app": "none"}), service("bare"),
                   service("web", namespace="prod", selector={"app": "web"}),
                   service("db"), endpoints("db", "192.0.2.1", port=5432),
                   *(pod(f"p{i}", f"10.244.0.{i}") for i in range(1, 6)),
                   pod("p6", "10.244.0.6", ready=False))
        self.assertEqual([row[0] for row in self.rows()], ["db", "none", "web"])
        self.assertEqual(self.lines("get", "ep")[0].split(), ["NAME", "ENDPOINTS", "AGE"])
        self.assertEqual(self.shown("web"),
                         "10.244.0.1:80,10.244.0.2:80,10.244.0.3:80 + 2 more...")
        self.assertEqual(self.shown("none"), "<none>")
        self.assertEqual(self.shown("db"), "192.0.2.1:5432")
        self.assertEqual(self.names("ep", "-l", "tier=front"), ["endpoints/web"])
        self.assertEqual(len(self.rows("-A")), 4)
        self.assertEqual(self.names("ep", "-n", "prod"), ["endpoints/web"])
        self.assertIn('endpoints "bare" not found', self.fails("get", "ep", "bare"))

    def test_json(self):
        self.apply(service("web", selector={"app": "web"}), pod("a", "10.244.0.2"),
                   pod("b", "10.244.0.3", ready=False))
        ep = self.json("get", "ep", "web")
        self.assertEqual(ep, self.json("get", "ep", "web"), "it is the same one each time")
        subset = ep["subsets"][0]
        self.assertEqual(subset["addresses"][0]["ip"], "10.244.0.2")
        self.assertEqual(subset["addresses"][0]["targetRef"]["name"], "a")
        self.assertEqual([a["ip"] for a in subset["notReadyAddresses"]], ["10.244.0.3"])
        self.assertEqual(subset["ports"], [{"name": "", "port": 80, "protocol": "TCP"}])
        self.assertEqual(self.lines("apply", "-f", "-", text=json.dumps(ep)),
                         ["endpoints/web unchanged"])
        subset["addresses"][0]["ip"] = "10.244.0.99"
        self.assertEqual(self.lines("apply", "-f", "-", text=json.dumps(ep)),
                         ["endpoints/web unchanged"], "a selector wins over it")
        self.assertEqual(self.shown("web"), "10.244.0.2:80")
        self.assertEqual(self.out("diff", "-f", "-", text=json.dumps(ep)), "")
        self.assertIn('endpoints "web" already exists',
                      self.fails("create", "-f", "-", text=json.dumps(ep)))
        self.assertEqual(len(self.names("eps")), 1)

    def test_come_with_their_service(self):
        """Of a file with both, and of one that a selector takes over, nothing is left behind."""
        web, made = service("web", selector={"app": "web"}), endpoints("web", "192.0.2.1")
        self.assertEqual(self.apply(made, web, pod("a", "10.244.0.2")),
                         ["endpoints/web created", "service/web created", "pod/a created"])
        self.assertEqual(self.shown("web"), "10.244.0.2:80")
        self.apply(service("db"), endpoints("db", "192.0.2.1", port=80))
        self.assertEqual(self.shown("db"), "192.0.2.1:80")
        self.assertEqual(self.apply(service("db", selector={"app": "web"}),
                                    endpoints("db", "192.0.2.1", port=80)),
                         ["service/db configured", "endpoints/db configured"])
        self.assertEqual(self.shown("db"), "10.244.0.2:80")

    def test_deleted_ones_are_made_anew(self):
        self.apply(service("web", selector={"app": "web"}), pod("a", "10.244.0.2"))
        done = self.run_sluice("delete", "ep", "web")
        self.assertEqual(done.stdout, 'endpoints "web" deleted\n')
        self.assertIn('endpoints "web" is made for a Service, and was made anew', done.stderr)
        name = self.names("eps")[0].split("/")[1]
        done = self.run_sluice("delete", "eps", name)
        self.assertIn(f'endpointslice "{name}" is made for a Service, and was made anew',
                      done.stderr)
        self.assertEqual(len(self.names("eps")), 1)
        self.assertEqual(self.run_sluice("delete", "svc", "web").stderr, "")
        self.assertEqual(self.names("ep,eps"), [])

    def test_those_by_hand_do_not_come_back(self):
        self.apply(service("db"), endpoints("db", "192.0.2.1"))
        self.assertEqual(self.run_sluice("delete", "ep", "db").stderr, "")
        self.assertEqual(self.names("ep,eps"), [])

    def test_go_with_their_service(self):
        hand = imported_slice("hand", "db", "192.0.2.9")
        hand["metadata"]["labels"][MANAGED_BY] = "me"
        owned = json.loads(json.dumps(hand))
        owned["metadata"]["name"] = "owned"
        del hand["metadata"]["ownerReferences"]
        self.apply(service("db"), endpoints("db", "192.0.2.1"), hand, owned)
        self.assertEqual(len(self.names("eps")), 3)
        self.assertEqual(self.lines("delete", "svc", "db"), ['service "db" deleted'])
        self.assertEqual(self.names("ep,eps"), ["endpointslice.discovery.k8s.io/hand"])


class Import(Case):
    """kubectl get svc,endpointslices,pods,nodes -A -o yaml | sluice apply -f -"""
    def setUp(self):
        super().setUp()
        self.objects = [service("web", selector={"app": "web"}),
                        service("db", selector={"app": "db"}),
                        imported_slice("web-x7x2z", "web", "10.244.0.1", "10.244.0.9"),
                        imported_slice("db-abcde", "db"),
                        pod("p1", "10.244.0.1"), pod("p2", "10.244.0.2"), node("n1")]

    def backends(self):
        return sorted(e["addresses"][0] for s in self.json("get", "eps")["items"]
                      for e in s.get("endpoints", []))

    def words(self, *how):
        return {line.split()[-1] for line in self.apply(*self.objects, words=how)}

    def test_the_pods_decide(self):
        self.assertEqual(self.words(), {"created"})
        self.assertEqual(self.backends(), ["10.244.0.1", "10.244.0.2"])
        self.assertEqual([name.split("/")[1] for name in self.names("eps")],
                         ["db-abcde", "web-x7x2z"])
        self.assertEqual(self.words(), {"unchanged"})
        self.assertEqual(self.words("--prune", "--all"), {"unchanged"})
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": self.objects})
        self.assertEqual(self.out("diff", "-f", "-", text=text), "")

    def test_a_pod_that_goes_does_not_stay_behind(self):
        self.apply(*self.objects)
        self.lines("delete", "po", "p1")
        self.assertEqual(self.backends(), ["10.244.0.2"])
        self.lines("delete", "po", "--all")
        self.assertEqual(self.backends(), [])
        self.apply(pod("p3", "10.244.0.3"))
        self.assertEqual(self.backends(), ["10.244.0.3"])

    def test_without_pods_the_slices_are_used(self):
        no_pods = [o for o in self.objects if o["kind"] != "Pod"]
        self.apply(*no_pods)
        self.assertEqual(self.backends(), ["10.244.0.1", "10.244.0.9"])
        self.assertEqual(len(self.names("eps")), 2)
        again = self.apply(*no_pods)
        self.assertEqual({line.split()[-1] for line in again}, {"unchanged"})
        self.assertEqual(self.lines("get", "ep", "web")[1].split()[1],
                         "10.244.0.1:80,10.244.0.9:80")
        # The Pods later; then without them again.
        self.apply(*(o for o in self.objects if o["kind"] == "Pod"))
        self.assertEqual(self.backends(), ["10.244.0.1", "10.244.0.2"])
        self.apply(*no_pods, words=("--prune", "--all"))
        self.assertEqual(self.backends(), ["10.244.0.1", "10.244.0.9"])

    def test_one_slice_too_many(self):
        self.objects.insert(3, imported_slice("web-zzzzz", "web", "10.244.0.8"))
        self.apply(*self.objects)
        self.assertEqual(self.backends(), ["10.244.0.1", "10.244.0.2"])
        self.assertEqual(self.words(), {"unchanged"})

    def test_columns_of_what_was_imported(self):
        p = pod("p7", "10.244.0.7", labels={"app": "x"})
        p["spec"]["containers"] = [{"name": "a", "ports": [{"containerPort": 80}]}, {"name": "b"}]
        p["status"].update(phase="Pending", containerStatuses=[
            {"name": "a", "ready": True, "restartCount": 1, "state": {"running": {}}},
            {"name": "b", "ready": False, "restartCount": 4,
             "state": {"waiting": {"reason": "ImagePullBackOff"}}}])
        lost = node("n2", "Unknown")
        lost["spec"] = {"unschedulable": True}
        self.apply(p, lost, node("n1"))
        self.assertEqual(self.lines("get", "po")[1].split()[:4],
                         ["p7", "1/2", "ImagePullBackOff", "5"])
        self.assertEqual(self.lines("get", "po")[0].split(),
                         ["NAME", "READY", "STATUS", "RESTARTS", "AGE"])
        self.assertEqual([line.split()[1] for line in self.lines("get", "no", "--no-headers")],
                         ["Ready", "NotReady,SchedulingDisabled"])
        status = self.json("get", "po", "p7")["status"]
        self.assertEqual(status["phase"], "Pending")
        self.assertEqual(status["containerStatuses"], p["status"]["containerStatuses"])
        self.assertEqual(self.apply(p), ["pod/p7 unchanged"])
        printed = self.out("get", "po,no", "-o", "yaml")
        again = self.lines("apply", "-f", "-", text=printed)
        self.assertEqual({line.split()[-1] for line in again}, {"unchanged"})
