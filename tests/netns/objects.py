# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Manifests as values. A Service number n has ClusterIPs ending in n and node port 30000 + n."""
from lab import NODES, PODS, addr, cluster_ip


def node(name):
    n = name[1:]
    return {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
        "spec": {"podCIDRs": [f"10.244.{n}.0/24", f"fd00:10:244:{n}::/64"]},
        "status": {"addresses": [{"type": "InternalIP", "address": addr(name, 4)},
                                 {"type": "InternalIP", "address": addr(name, 6)}]},
    }


def pod(host, ready=True, name=None, **labels):
    """The pod that lives in the lab's host; labels default to app=web."""
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name or host, "labels": labels or {"app": "web"}},
        "spec": {"nodeName": host[:2]},
        "status": {
            "podIP": addr(host, 4),
            "podIPs": [{"ip": addr(host, 4)}, {"ip": addr(host, 6)}],
            "conditions": [{"type": "Ready", "status": str(ready)}],
        },
    }


def service(name, n, selector, target=8080, **spec):
    ports = [{"name": proto.lower(), "protocol": proto, "port": 80, "targetPort": target,
              "nodePort": 30000 + n} for proto in ("TCP", "UDP")]
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"type": "NodePort", "ipFamilyPolicy": "RequireDualStack",
                 "clusterIP": cluster_ip(n, 4),
                 "clusterIPs": [cluster_ip(n, 4), cluster_ip(n, 6)],
                 "selector": selector, "ports": ports, **spec},
    }


def nodes():
    return [node(n) for n in NODES]


def one(name, n, host, **spec):
    """A service with one backend, and its pod."""
    return [service(name, n, {"only": name}, target=8080 if "p" in host else 9090, **spec),
            pod(host, name=f"{name}-{host}", only=name)]


def web():
    """The service that all four pods serve."""
    return [*nodes(), service("web", 80, {"app": "web"}), *[pod(p) for p in PODS]]
