# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Network namespaces joined by veth pairs, with fixed MAC addresses and permanent neighbours,
so that nothing is resolved while something is measured.
"""
import contextlib
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent.parent / "netns"))

from lab import Failed, inside  # noqa: E402  pylint: disable=wrong-import-position


def _run(*words, text=None):
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(words)}: {done.stderr.strip()}")


class World:
    """A context: the namespaces NAME-HOST are there inside of it."""

    def __init__(self, name, hosts):
        self.name, self.hosts, self.macs = name, hosts, {}

    def __enter__(self):
        try:
            for host in self.hosts:
                _run("ip", "netns", "add", self.netns(host))
                self.ip(host, "link set lo up")
                # Else addresses are tried out and routers asked for on every new device.
                self.sysctl(host, "ipv6/conf/all/disable_ipv6", 1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for host in self.hosts:
            with contextlib.suppress(Failed):   # it may not have been made
                _run("ip", "netns", "del", self.netns(host))

    def netns(self, host):
        return f"{self.name}-{host}"

    def ip(self, host, *lines):
        _run("ip", "-n", self.netns(host), "-batch", "-", text="\n".join(lines) + "\n")

    def sysctl(self, host, path, value):
        with inside(self.netns(host)), open(f"/proc/sys/net/{path}", "w", encoding="ascii") as f:
            f.write(str(value))

    def ethtool(self, host, dev, *features):
        _run("nsenter", f"--net=/run/netns/{self.netns(host)}", "--",
             "ethtool", "-K", dev, *features)

    def link(self, host, dev, peer_host, peer_dev):
        """A veth pair, up. GRO after that: before, it would not let XDP redirect to its peer."""
        ends = ((host, dev), (peer_host, peer_dev))
        for end in ends:
            n = len(self.macs) + 1
            self.macs[end] = f"02:be:00:00:{n >> 8:02x}:{n & 255:02x}"
        _run("ip", "link", "add", dev, "address", self.macs[host, dev],
             "netns", self.netns(host), "type", "veth", "peer", "name", peer_dev,
             "address", self.macs[peer_host, peer_dev], "netns", self.netns(peer_host))
        for end_host, end_dev in ends:
            self.ip(end_host, f"link set {end_dev} up")
        for end_host, end_dev in ends:
            self.ethtool(end_host, end_dev, "gro", "on")

    def neighbour(self, host, dev, addr, of):
        """Host knows that behind dev, addr is at the device `of`, a pair (host, device)."""
        self.ip(host, f"neigh replace {addr} lladdr {self.macs[of]} dev {dev} nud permanent")
