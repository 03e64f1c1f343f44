# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A lab (see user/cli/selftest_lab.h) with sluice on both nodes, and sockets in its hosts.

Sockets belong to the namespace in which they are made, so one process can be client, pod and
host at once: every thread enters a namespace, makes its socket, and goes home.
"""
import contextlib
import ctypes
import ipaddress
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from bench import BENCH, Resent

SLUICE = os.environ.get("SLUICE", "build/sluice")
NODES = ("n1", "n2")
PODS = ("n1p1", "n1p2", "n2p1", "n2p2")
TIMEOUT = 10.0  # for what must come; it costs time only if it does not
SILENCE = 0.5   # for what must not come
# Bytes of a stream on their way at a time: far fewer packets than a CPU's queue takes (bench.py).
WINDOW = 1 << 18

ADDR = {
    "client": ("203.0.113.10", "2001:db8:203::10"),
    "router": ("192.168.0.1", "2001:db8:1::1"),
    "n1": ("192.168.0.11", "2001:db8:1::11"),
    "n2": ("192.168.0.12", "2001:db8:1::12"),
    "n1p1": ("10.244.1.10", "fd00:10:244:1::10"),
    "n1p2": ("10.244.1.11", "fd00:10:244:1::11"),
    "n2p1": ("10.244.2.10", "fd00:10:244:2::10"),
    "n2p2": ("10.244.2.11", "fd00:10:244:2::11"),
}

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def addr(host, family):
    """The host's address; family is 4 or 6."""
    return ADDR[host][0 if family == 4 else 1]


def cluster_ip(n, family):
    return f"10.96.0.{n}" if family == 4 else f"fd00:10:96::{n}"


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def inside(netns):
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{netns}", os.O_RDONLY)
    try:
        _setns(there)
        yield
    finally:
        _setns(home)
        os.close(there)
        os.close(home)


def wait_for(what, timeout=20.0, every=0.02):
    """The first true value of what(), or its last one when the time is over."""
    end = time.monotonic() + timeout
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


class Failed(Exception):
    """A command that should have worked did not."""


class Lab:
    def __init__(self, name):
        self.name = name
        self.server = None
        self.env = None

    # --- life ---

    def __enter__(self):
        self._own("up")
        try:
            state = tempfile.mkdtemp(prefix=f"sluice-{self.name}-")
            self.env = {**os.environ, "SLUICE_STATE_DIR": state}
            self.server = subprocess.Popen(
                [SLUICE, "selftest", "--lab", "serve", self.name],
                stdout=subprocess.PIPE, text=True)
            if "serving" not in self.server.stdout.readline():
                raise Failed("the lab's servers do not start")
            for host in ADDR:
                self._narrow_windows(host)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in NODES:
            if self.env:
                self.sluice(node, "detach", "--all", check=False)
        if self.env:
            shutil.rmtree(self.env["SLUICE_STATE_DIR"], ignore_errors=True)
        if self.server:
            self.server.kill()
            self.server.wait()
            self.server.stdout.close()
        self._own("down")

    def _own(self, action):
        done = subprocess.run([SLUICE, "selftest", "--lab", action, self.name],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"lab {action}: {done.stderr.strip()}")

    def _narrow_windows(self, host):
        with self.entered(host):
            for name in ("tcp_rmem", "tcp_wmem"):
                with open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as f:
                    f.write(f"4096 {WINDOW // 2} {WINDOW}")

    # --- commands ---

    def instance(self, node):
        return f"{self.name}-{node}"

    def in_host(self, host, *words):
        """The words of a command that runs in the host's network namespace."""
        return ["nsenter", f"--net=/run/netns/{self.name}-{host}", "--", *words]

    def run(self, host, *words, check=True, **how):
        done = subprocess.run(self.in_host(host, *words), capture_output=True, text=True,
                              check=False, env=self.env, **how)
        if check and done.returncode:
            raise Failed(f"{host}: {' '.join(words)}: exit status {done.returncode}: "
                         f"{(done.stderr + done.stdout).strip()}")
        return done

    def sluice_words(self, node, *words):
        return [os.path.abspath(SLUICE), "--instance", self.instance(node), *words]

    def sluice(self, node, *words, check=True, text=None):
        return self.run(node, *self.sluice_words(node, *words), check=check, input=text,
                        timeout=300)

    def sluice_json(self, node, *words):
        return json.loads(self.sluice(node, *words, "-o", "json").stdout)

    def attach(self, mode):
        for node in NODES:
            self.sluice(node, "attach", "eth0", "--xdp", mode, "--node", node)
            self.sluice(node, "attach", "--workload", "veth*")

    def apply(self, *objects, nodes=NODES):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        return [self.sluice(node, "apply", "-f", "-", text=text).stdout for node in nodes]

    def warnings(self, node, *objects):
        """What an apply on the node says beside its results."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        return self.sluice(node, "apply", "-f", "-", text=text).stderr

    def delete(self, *objects, nodes=NODES):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        for node in nodes:
            self.sluice(node, "delete", "-f", "-", text=text)

    def service_stats(self, node, name, port):
        """The row of one service port, both families added up if there are two."""
        rows = [s for s in self.sluice_json(node, "stats")["services"]
                if s["service"] == name and s["portName"] == port]
        total = dict(rows[0])
        for row in rows[1:]:
            for key, value in row.items():
                if isinstance(value, int) and key != "port":
                    total[key] += value
            total["backends"] = total["backends"] + row["backends"]
        return total

    # --- sockets ---

    def entered(self, host):
        """A context in which this thread is in the host's network namespace."""
        return inside(f"{self.name}-{host}")

    def socket(self, host, domain, kind, proto=0):
        with self.entered(host):
            return socket.socket(domain, kind, proto)

    def dial(self, host, to, port, proto="tcp", timeout=TIMEOUT):
        """A connected socket. That its first SYN was lost is a failure, too."""
        return BENCH.fair(lambda: self.dial_once(host, to, port, proto, timeout))

    def dial_once(self, host, to, port, proto="tcp", timeout=TIMEOUT):
        v6 = ipaddress.ip_address(to).version == 6
        s = self.socket(host, socket.AF_INET6 if v6 else socket.AF_INET,
                        socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
        try:
            s.settimeout(timeout)
            s.connect((to, port))
            if proto == "tcp":
                check_first_syn(s)
        except BaseException:
            s.close()
            raise
        return s

    def ask(self, host, to, port, proto="tcp"):
        """(who answers, the address it sees, the port it sees)"""
        return BENCH.fair(lambda: self.ask_once(host, to, port, proto))

    def ask_once(self, host, to, port, proto="tcp", timeout=TIMEOUT):
        with self.dial_once(host, to, port, proto, timeout) as s:
            return who(s)

    def reached(self, host, to, port, proto="tcp", *, want, at_least=60, at_most=1000):
        """Who answers, asked until all of @want did. The choice is a hash of ports that the kernel
        draws: of four backends @at_most tries miss one in 10^124 runs."""
        seen = set()
        for i in range(at_most):
            if i >= at_least and seen >= set(want):
                break
            seen.add(self.ask(host, to, port, proto)[0])
        return seen

    def sniffer(self, host, dev="eth0"):
        """All that goes through the device: an AF_PACKET socket, without link headers."""
        s = self.socket(host, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        with inside(f"{self.name}-{host}"):
            s.bind((dev, 3))
        s.settimeout(0.5)
        return s


def check_first_syn(s):
    """Raises Resent if the connection needed more than one SYN."""
    info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    resent = struct.unpack_from("I", info, 100)[0]      # tcpi_total_retrans
    if resent:
        raise Resent(f"TCP sent {resent} more SYNs to {s.getpeername()[:2]}")


def who(s):
    s.sendall(b"who\n")
    name, peer, port = s.recv(200).decode().split()
    return name, peer, int(port)


def echo(s, data):
    """Sends all of it over TCP from this thread while another receives; what came back."""
    got, failed = bytearray(), []

    def receive():
        try:
            while len(got) < len(data):
                part = s.recv(1 << 20)
                if not part:
                    return
                got.extend(part)
        except OSError as e:
            failed.append(e)

    reader = threading.Thread(target=receive)
    s.sendall(b"echo %d\n" % len(data))
    reader.start()
    try:
        s.sendall(data)
    except OSError as e:
        failed.append(e)
    reader.join()
    if failed:
        raise OSError(f"{len(got)} of {len(data)} bytes came back: {failed}")
    return got


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
