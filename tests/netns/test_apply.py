# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The object's way, as far as traffic shows it: what apply says, what changes, what bad
manifests do not change."""
import json
import re
import tempfile

from lab import NODES, PODS, Failed, addr, cluster_ip
from objects import nodes, pod, service, web

MODES = ("off",)

GOOD = """\
apiVersion: v1
kind: Service
metadata:
  name: never
spec:
  ports:
  - port: 80
---
"""
# title, manifest, line that the message must name, word that it must have
BAD = [
    ("port out of range", "apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec:\n"
     "  ports:\n  - port: 70000\n", 15, "port"),
    ("no ports", "apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec: {}\n", None, "ports"),
    ("name with capitals", "apiVersion: v1\nkind: Service\nmetadata:\n  name: Bad\nspec:\n"
     "  ports:\n  - port: 80\n", None, "name"),
    ("not YAML", "apiVersion: v1\nkind: [Service\n", None, ""),
    ("bad address", "apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec:\n"
     "  clusterIP: 10.96.0.300\n  ports:\n  - port: 80\n", None, "clusterIP"),
    ("nodePort out of range", "apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec:\n"
     "  type: NodePort\n  ports:\n  - port: 80\n    nodePort: 80\n", None, "nodePort"),
    ("nodePort taken", "apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec:\n"
     "  type: NodePort\n  ports:\n  - port: 80\n    nodePort: 30080\n", None, "30080"),
    ("a port that is text", "apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec:\n"
     "  ports:\n  - port: http\n", 15, "port"),
]


def words(out):
    return [line.split()[-1] for line in out.splitlines()]


def again(t):
    first, again_ = t.lab.apply(*web(), nodes=["n1"])[0], t.lab.apply(*web(), nodes=["n1"])[0]
    t.equal(set(words(first)), {"created"}, "the first apply creates")
    t.equal(set(words(again_)), {"unchanged"}, "the second apply changes nothing")
    t.check("service/web unchanged" in again_.splitlines(), "apply prints kind/name", again_)
    t.lab.apply(*web(), nodes=["n2"])


def bad(t, tmp):
    before = t.lab.sluice("n1", "get", "services,endpointslices", "-A", "-o", "json").stdout
    for title, manifest, line, word in BAD:
        path = f"{tmp}/bad.yaml"
        with open(path, "w", encoding="utf8") as f:
            f.write(GOOD + manifest)
        done = t.lab.sluice("n1", "apply", "-f", path, check=False)
        t.equal(done.returncode, 1, f"{title}: exit status")
        where = re.search(r"bad\.yaml:(\d+)", done.stderr)
        t.check(where, f"{title}: file and line", done.stderr)
        if where and line:
            t.equal(int(where[1]), line, f"{title}: line")
        t.check(word in done.stderr, f"{title}: field", done.stderr)
        t.equal(len(done.stderr.strip().splitlines()), 1, f"{title}: lines of the message")
    after = t.lab.sluice("n1", "get", "services,endpointslices", "-A", "-o", "json").stdout
    t.equal(after, before, "objects after bad manifests")
    t.tries(lambda: t.lab.ask("client", addr("n1", 4), 30080), "traffic after bad manifests")


def backends(t, want, title):
    """That these are reached, and no other."""
    t.equal(t.lab.reached("n1p2", cluster_ip(80, 4), 80, "udp", want=want), want, title)


def pods_make_backends(t):
    backends(t, set(PODS), "all four pods")
    t.lab.apply(pod("n2p1", ready=False))
    backends(t, {"n1p1", "n1p2", "n2p2"}, "an unready pod leaves")
    t.lab.delete(pod("n2p2"))
    backends(t, {"n1p1", "n1p2"}, "a deleted pod leaves")
    t.lab.apply(pod("n2p1", app="other"), pod("n2p2"))
    backends(t, {"n1p1", "n1p2", "n2p2"}, "labels decide")
    t.lab.apply(pod("n2p1"))
    backends(t, set(PODS), "all four again")


def slices_make_backends(t):
    manual = service("manual", 70, None)
    del manual["spec"]["selector"]
    slices = [{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
               "metadata": {"name": f"manual-{f}",
                            "labels": {"kubernetes.io/service-name": "manual"}},
               "addressType": f"IPv{f}",
               "ports": [{"name": "tcp", "port": 8080, "protocol": "TCP"},
                         {"name": "udp", "port": 8080, "protocol": "UDP"}],
               "endpoints": [{"addresses": [addr("n2p2", f)], "nodeName": "n2",
                              "conditions": {"ready": True}}]} for f in (4, 6)]
    t.lab.apply(manual, *slices)
    for f in (4, 6):
        for proto in ("tcp", "udp"):
            got = t.tries(lambda: t.lab.ask("n1p1", cluster_ip(70, f), 80, proto)[0],
                          f"EndpointSlice, {proto}{f}")
            t.equal(got, "n2p2", f"EndpointSlice, {proto}{f}")
    t.lab.delete(manual, *slices)


def allocation(t):
    """Addresses and node ports that the manifest leaves out are given, kept, and given back."""
    auto = service("auto", 71, {"app": "web"})
    auto["spec"].pop("clusterIP")
    auto["spec"].pop("clusterIPs")
    for p in auto["spec"]["ports"]:
        p.pop("nodePort")
    t.lab.apply(auto, nodes=["n1"])
    spec = t.lab.sluice_json("n1", "get", "service", "auto")["spec"]
    t.equal(len(spec["clusterIPs"]), 2, "two cluster addresses")
    ports = [p["nodePort"] for p in spec["ports"]]
    t.check(all(30000 <= p <= 32767 for p in ports), "node ports in range", ports)
    t.tries(lambda: t.lab.ask("n1p1", spec["clusterIP"], 80), "the allocated address answers")
    t.tries(lambda: t.lab.ask("client", addr("n1", 4), ports[0]), "the allocated port answers")
    out = t.lab.apply(auto, nodes=["n1"])[0]
    t.equal(words(out), ["unchanged"], "apply again")
    t.equal(t.lab.sluice_json("n1", "get", "service", "auto")["spec"], spec, "kept on re-apply")
    t.lab.delete(auto, nodes=["n1"])
    t.check(not answers(t, addr("n1", 4), ports[0]), "a deleted service does not answer")


def endpoints_make_backends(t):
    """Endpoints written by hand are mirrored to slices."""
    manual = service("manual", 75, {})
    del manual["spec"]["selector"]
    ports = [{"name": p, "port": 8080, "protocol": p.upper()} for p in ("tcp", "udp")]
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "manual"},
                 "subsets": [{"addresses": [{"ip": addr("n2p1", f)} for f in (4, 6)],
                              "ports": ports}]}
    t.lab.apply(manual, endpoints, nodes=["n1"])
    for f in (4, 6):
        t.equal(t.lab.ask("n1p1", cluster_ip(75, f), 80)[0], "n2p1", f"Endpoints, IPv{f}")
    t.lab.delete(manual, endpoints, nodes=["n1"])


def balancer(t):
    """An address of a pool answers, and is given back."""
    pools = ("198.51.100.8/30", "2001:db8:51::/120")
    lb = service("lb", 76, {"app": "web"}, type="LoadBalancer")
    t.lab.apply(lb, nodes=["n1"])
    t.equal(t.lab.sluice_json("n1", "get", "service", "lb")["status"], {"loadBalancer": {}},
            "no pool, no address")
    t.lab.sluice("n1", "config", "--lb-pool", pools[0], "--lb-pool", pools[1])
    ingress = t.lab.sluice_json("n1", "get", "service", "lb")["status"]["loadBalancer"]["ingress"]
    t.equal([i["ip"] for i in ingress], ["198.51.100.8", "2001:db8:51::1"], "one of each family")
    for i in ingress:
        t.tries(lambda i=i: t.lab.ask("n1p1", i["ip"], 80), f"{i['ip']} answers")
    t.equal(words(t.lab.apply(lb, nodes=["n1"])[0]), ["unchanged"], "apply again")
    t.check(re.search(r"lb-pool +198.51.100.8/30,2001:db8:51::/120\n",
                      t.lab.sluice("n1", "config").stdout), "config shows the pools")
    t.lab.delete(lb, nodes=["n1"])
    t.lab.sluice("n1", "config", "--lb-pool", "none")


def answers(t, to, port):
    try:
        return t.lab.ask("client", to, port)
    except OSError:
        return None


def sources(t, tmp):
    """A file, a directory, standard input, several documents, a List."""
    files = {"a.yaml": service("file-a", 72, {"app": "web"}),
             "b.yml": service("file-b", 73, {"app": "web"}),
             "c.json": service("file-c", 74, {"app": "web"})}
    for name, value in files.items():
        with open(f"{tmp}/{name}", "w", encoding="utf8") as f:
            json.dump(value, f)
    t.lab.sluice("n1", "apply", "-f", tmp)
    for n in (72, 73, 74):
        t.tries(lambda n=n: t.lab.ask("n1p1", cluster_ip(n, 4), 80), f"directory: service {n}")
    t.lab.sluice("n1", "delete", "-f", tmp)
    docs = "---\n".join(json.dumps(v) + "\n" for v in files.values())
    t.lab.sluice("n1", "apply", "-f", "-", text=docs)
    got = t.lab.sluice_json("n1", "get", "services", "-A")["items"]
    t.check({"file-a", "file-b", "file-c"} <= {s["metadata"]["name"] for s in got},
            "several documents", [s["metadata"]["name"] for s in got])
    try:
        t.lab.sluice("n1", "apply", "-f", f"{tmp}/missing.yaml")
        t.check(False, "a missing file fails")
    except Failed as e:
        t.check("missing.yaml" in str(e), "a missing file is named", e)


def in_step(t, after):
    """A change writes what a sync of everything would: there is nothing left to write."""
    for n in NODES:
        out = t.lab.sluice(n, "sync").stdout.strip()
        t.equal(out, "maps are up to date", f"{n}: sync after {after}")


def run(t):
    again(t)
    in_step(t, "the first applies")
    with tempfile.TemporaryDirectory() as tmp:
        bad(t, tmp)
    for change in (pods_make_backends, slices_make_backends, endpoints_make_backends,
                   allocation, balancer):
        change(t)
        in_step(t, change.__name__)
    with tempfile.TemporaryDirectory() as tmp:
        sources(t, tmp)
