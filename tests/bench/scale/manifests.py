# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Manifests of many Services, as text: n ClusterIP Services, each with the same number of
endpoints, which EndpointSlices give or Pods that a selector finds."""

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  labels: {{app: {name}}}
spec:
  type: ClusterIP
  clusterIP: {ip}
{selector}  ports:
  - name: http
    port: 80
    protocol: TCP
    targetPort: 8080
---
"""

SLICE = """\
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: {name}-slice
  labels:
    kubernetes.io/service-name: {name}
addressType: IPv4
ports:
- name: http
  port: 8080
  protocol: TCP
endpoints:
{endpoints}---
"""

ENDPOINT = """\
- addresses: [{ip}]
  conditions: {{ready: true, serving: true, terminating: false}}
  nodeName: n{node}
"""

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  labels: {{app: {app}, tier: backend}}
spec:
  nodeName: n{node}
status:
  podIP: {ip}
  conditions:
  - type: Ready
    status: "True"
---
"""


def _address(top, i):
    i += 1
    return f"10.{top + (i >> 16)}.{i >> 8 & 255}.{i & 255}"


def service_name(i):
    return f"svc-{i:05}"


def service(i, selector):
    name = service_name(i)
    return SERVICE.format(name=name, ip=_address(96, i + 0x1000),
                          selector=f"  selector: {{app: {name}}}\n" if selector else "")


def endpoint_slice(i, n, moved=False):
    """The slice of service i; if moved, its first endpoint has another address."""
    ends = [ENDPOINT.format(ip=_address(160 if moved and not e else 128, i * n + e), node=e % 64)
            for e in range(n)]
    return SLICE.format(name=service_name(i), endpoints="".join(ends))


def pod(i, n, e, moved=False):
    return POD.format(name=f"{service_name(i)}-{e}", app=service_name(i), node=e % 64,
                      ip=_address(160 if moved else 128, i * n + e))


def _parts(services, make, chunk=500):
    """
    In texts for several files. Small ones: what a process measures as its peak of memory begins
    with that of the one that started it.
    """
    for first in range(0, services, chunk):
        yield "".join(make(i) for i in range(first, min(first + chunk, services)))


def with_slices(services, n):
    return _parts(services, lambda i: service(i, False) + endpoint_slice(i, n))


def with_pods(services, n):
    return _parts(services, lambda i: service(i, True) + "".join(pod(i, n, e) for e in range(n)))


def with_udp(services):
    """Each with one endpoint and its only port UDP, for packet.c."""
    for text in with_slices(services, 1):
        yield text.replace("protocol: TCP", "protocol: UDP")
