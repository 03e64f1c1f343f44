# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What a node can have between clients and endpoints, one class each, all used alike:

    rival = RIVALS["nftables"]()
    rival.install(node, services)
    ...
    rival.flush()       # forget connections
    rival.remove()

The namespace, its devices, addresses and routes are the caller's; see world.py. Without a
balancer (`direct`) clients dial the endpoints themselves.
"""
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "netns"))

import kubeproxy  # noqa: E402  pylint: disable=wrong-import-position
from lab import SLUICE, Failed, inside  # noqa: E402  pylint: disable=wrong-import-position

BUILD = pathlib.Path(os.environ.get("BENCH_BUILD", "build/bench"))
LOAD_TIMEOUT = 300              # seconds, for one command


@dataclasses.dataclass(frozen=True)
class Service:
    name: str
    cluster_ip: str             # within 10.96.0.0/12
    port: int
    endpoints: tuple            # of (address, port)
    node_port: int = 0          # 30000-32767; 0: it has none
    protocols: tuple = ("tcp",)


@dataclasses.dataclass(frozen=True)
class Node:
    netns: str
    address: str                # at which it has its node ports
    uplinks: tuple              # devices with a wire, or another node, behind them
    workloads: tuple = ()       # the node's ends of its pods' devices
    pod_cidr: str = "10.244.0.0/16"


def in_netns(netns, *words, text=None, env=None):
    """What the command says on its standard output; it has to succeed."""
    command = ["nsenter", f"--net=/run/netns/{netns}", "--", *words]
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, env=env,
                              check=False, timeout=LOAD_TIMEOUT)
    except subprocess.TimeoutExpired as e:
        raise Failed(f"{netns}: {' '.join(words)}: no end after {LOAD_TIMEOUT} s") from e
    if done.returncode:
        raise Failed(f"{netns}: {' '.join(words)}: {done.stderr.strip()[-400:]}")
    return done.stdout


def conntrack_flush(netns):
    """Forgets all connections of the namespace: ctnetlink's delete, without saying which."""
    delete, request_and_ack, error = 1 << 8 | 2, 1 | 4, 2
    with inside(netns):
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    with s:
        s.send(struct.pack("=IHHII4x", 20, delete, request_and_ack, 1, 0))
        _, kind, _, _, _, status = struct.unpack_from("=IHHIIi", s.recv(4096))
    if kind != error or status:
        raise Failed(f"{netns}: conntrack cannot be flushed: {os.strerror(-status)}")


class Rival:
    """No balancer and no firewall: the stack forwards."""
    name = "none"
    direct = True

    def __init__(self):
        self.node = None

    def install(self, node, services):
        self.node = node
        self._load(services)

    def remove(self):
        """May be called whatever has gone wrong before."""
        if self.node:
            self._unload()
        self.node = None

    def flush(self):
        """Forgets connections, where that can be asked for."""

    def _load(self, services):
        pass

    def _unload(self):
        pass

    def _run(self, *words, **how):
        return in_netns(self.node.netns, *words, **how)


class XdpForward(Rival):
    """FIB lookup, MACs, TTL and redirect in XDP."""
    name = "xdp-forward"

    def _devices(self):
        return self.node.uplinks + self.node.workloads

    def _load(self, services):
        for dev in self._devices():
            self._run("ip", "link", "set", "dev", dev, "xdpdrv", "obj",
                      str(BUILD / "e2e/forward.bpf.o"), "sec", "xdp")

    def _unload(self):
        for dev in self._devices():
            self._run("ip", "link", "set", "dev", dev, "xdpdrv", "off")


class Conntracking(Rival):
    direct = False

    def flush(self):
        conntrack_flush(self.node.netns)


class Nftables(Conntracking):
    """kube-proxy's nftables mode."""
    name = "nftables"

    def _load(self, services):
        for text in kubeproxy.nft(self.node, services):
            self._run("nft", "-f", "-", text=text)

    def _unload(self):
        self._run("nft", "flush", "ruleset")


class Iptables(Conntracking):
    """kube-proxy's iptables mode, through one of iptables' two backends."""
    command = None

    def _load(self, services):
        self._run(self.command, "-w", text=kubeproxy.iptables(self.node, services))

    def _unload(self):
        self._run(self.command, "-w", text=kubeproxy.IPTABLES_EMPTY)


class IptablesNft(Iptables):
    name = "iptables-nft"
    command = "iptables-nft-restore"


class IptablesLegacy(Iptables):
    name = "iptables-legacy"
    command = "iptables-legacy-restore"


def manifests(services):
    """The services and their endpoints as Kubernetes objects."""
    for s in services:
        ports = [{"name": p, "protocol": p.upper(), "port": s.port,
                  **({"nodePort": s.node_port} if s.node_port else {})} for p in s.protocols]
        yield {"apiVersion": "v1", "kind": "Service", "metadata": {"name": s.name},
               "spec": {"type": "NodePort" if s.node_port else "ClusterIP",
                        "clusterIP": s.cluster_ip, "ports": ports}}
        # An EndpointSlice has one port number for all of its endpoints.
        for target in sorted({port for _, port in s.endpoints}):
            yield {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                   "metadata": {"name": f"{s.name}-{target}",
                                "labels": {"kubernetes.io/service-name": s.name}},
                   "addressType": "IPv4",
                   "ports": [{"name": p, "protocol": p.upper(), "port": target}
                             for p in s.protocols],
                   "endpoints": [{"addresses": [ip]} for ip, port in s.endpoints
                                 if port == target]}


class Sluice(Rival):
    """The real command, with an instance and a state directory of its own. XDP is asked for: on
    a veth, sluice by itself takes it only where it can see that the other end is ready.
    """
    name = "sluice"
    direct = False

    def __init__(self, xdp="native"):
        super().__init__()
        self.state, self.xdp = None, xdp

    def command(self, *words, text=None):
        """Runs a command of sluice on this instance, in the node's namespace."""
        return self._run(os.path.abspath(SLUICE), "--instance", self.node.netns, *words, text=text,
                         env={**os.environ, "SLUICE_STATE_DIR": self.state})

    def _load(self, services):
        self.state = tempfile.mkdtemp(prefix=f"sluice-{self.node.netns}-")
        self.command("attach", "--xdp", self.xdp, "--node", self.node.netns, *self.node.uplinks)
        if self.node.workloads:
            self.command("attach", "--workload", *self.node.workloads)
        objects = {"apiVersion": "v1", "kind": "List", "items": list(manifests(services))}
        self.command("apply", "-f", "-", text=json.dumps(objects))

    def _unload(self):
        if self.state:
            try:
                self.command("detach", "--all")
            finally:
                shutil.rmtree(self.state, ignore_errors=True)
                self.state = None


RIVALS = {r.name: r for r in (Rival, XdpForward, Nftables, IptablesNft, IptablesLegacy, Sluice)}
