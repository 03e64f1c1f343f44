# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""sluice/on-endpoint-removal: of a Service that asks for it, connections to an endpoint that is gone
are reset at their next packet; those to others, and of other Services, go on."""
import time

from lab import addr, cluster_ip, who
from objects import nodes, pod, service

MODES = ("native", "off")
PATHS = (("client", addr("n1", 4), 30000), ("client", addr("n1", 6), 30000),
         ("n1p2", cluster_ip(0, 4), 80), ("n1", cluster_ip(0, 6), 80))


def web(name, n, what):
    svc = service(name, n, {"app": "web"})
    svc["metadata"]["annotations"] = {"sluice/on-endpoint-removal": what} if what else {}
    return svc


def dialled(t, n):
    """Connections by every path, until each path has some to both pods."""
    ret = []
    for host, to, port in PATHS:
        to = to if port != 80 else cluster_ip(n, 6 if ":" in to else 4)
        for _ in range(8):
            s = t.lab.dial(host, to, port + n if port != 80 else port)
            ret.append((s, who(s)[0], host))
    return ret


def end_of(s):
    try:
        return who(s)[0]
    except OSError as e:
        return type(e).__name__


def run(t):
    pods = ("n1p1", "n2p1")
    t.lab.apply(*nodes(), web("cut", 85, "reset"), web("kept", 86, "keep"), web("plain", 87, None),
                *[pod(p) for p in pods])
    streams = {n: dialled(t, n) for n in (85, 86, 87)}
    for n, all_of in streams.items():
        t.equal({name for _, name, _ in all_of}, set(pods), f"{n}: both pods were reached")
    t.lab.delete(pod("n2p1"))
    time.sleep(1.5)     # asked once a second
    for s, name, host in streams[85]:
        t.equal(end_of(s), "ConnectionResetError" if name == "n2p1" else name,
                f"from {host} to {name}")
    for s, name, host in streams[86] + streams[87]:
        t.equal(end_of(s), name, f"from {host} to {name}, kept")
    gone = sum(s["drops"]["endpointGone"] for s in t.lab.sluice_json("n1", "stats")["services"]
               if s["service"] == "cut")
    t.equal(gone, sum(name == "n2p1" for _, name, _ in streams[85]), "counted")
    for n in streams:
        for s, _, _ in streams[n]:
            s.close()
    bad = t.lab.sluice("n1", "apply", "-f", "-", check=False, text="""
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "odd",
 "annotations": {"sluice/on-endpoint-removal": "now"}}, "spec": {"ports": [{"port": 80}]}}""")
    t.check(bad.returncode == 1 and 'Unsupported value: "now": supported values: "keep", "reset"'
            in bad.stderr, "a value that is not known", bad.stderr)
