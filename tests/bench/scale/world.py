# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A node of one's own for a benchmark: network namespace, uplink, instance and state, all of
which go with the process; and what a command costs there."""
import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

SLUICE = os.environ.get("SLUICE", "build/sluice")
CLONE_NEWNET = 0x40000000
# Nothing is sent: a veth would want a program at its other end only for that.
ATTACH = ("attach", "up0", "--node", "n1", "--xdp", "native")


class Cost:
    """Of one command: seconds, bytes."""

    def __init__(self, wall, cpu, rss):
        self.wall, self.cpu, self.rss = wall, cpu, rss


class World:
    def __init__(self):
        self.instance = f"scale-{os.getpid()}"
        self.dir = None
        self.env = None

    def __enter__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNET) < 0:
            sys.exit(f"scale: unshare: {os.strerror(ctypes.get_errno())}")
        subprocess.run(["ip", "-batch", "-"], check=True, text=True, input=(
            "link set lo up\n"
            "link add up0 address 02:00:00:00:00:01 type veth peer name wire0\n"
            "link set wire0 up\nlink set up0 up\n"
            "addr add 192.0.2.1/24 dev up0\naddr add 2001:db8::1/64 dev up0 nodad\n"
            "route add default via 192.0.2.254\n"
            "neigh add 192.0.2.254 lladdr 02:00:00:00:01:fe dev up0 nud permanent\n"))
        with open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as f:
            f.write("1")
        self.dir = tempfile.mkdtemp(prefix=self.instance)
        self.env = {**os.environ, "SLUICE_STATE_DIR": f"{self.dir}/state"}
        return self

    def __exit__(self, *_):
        self.forget()
        shutil.rmtree(self.dir, ignore_errors=True)

    def write(self, name, text):
        path = f"{self.dir}/{name}"
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return path

    def write_parts(self, name, texts):
        """A directory of files: one file holds no more than 100,000 documents."""
        os.makedirs(f"{self.dir}/{name}", exist_ok=True)
        for i, text in enumerate(texts):
            self.write(f"{name}/{i}.yaml", text)
        return f"{self.dir}/{name}"

    def sluice(self, *args, check=True):
        done = subprocess.run([SLUICE, "--instance", self.instance, *args], env=self.env,
                              capture_output=True, text=True, check=False)
        if check and done.returncode:
            sys.exit(f"scale: sluice {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def attach(self):
        self.sluice(*ATTACH)

    def detach(self):
        self.sluice("detach", "--all", check=False)

    def forget(self):
        """Neither maps nor state: as before the first command."""
        self.detach()
        shutil.rmtree(f"{self.dir}/state", ignore_errors=True)

    def cost(self, *args):
        """Runs the command and says what it took, exec included."""
        command = [SLUICE, "--instance", self.instance, *args]
        out = os.open(f"{self.dir}/out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        actions = [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)]
        begin = time.monotonic()
        pid = os.posix_spawn(command[0], command, self.env, file_actions=actions)
        _, status, used = os.wait4(pid, 0)
        wall = time.monotonic() - begin
        os.close(out)
        if status:
            with open(f"{self.dir}/out", encoding="utf8") as f:
                sys.exit(f"scale: sluice {' '.join(args)}: {f.read().strip()}")
        return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)

    def bpf_calls(self, *args):
        """How many bpf(2) calls the command makes; None where nothing can count them."""
        if not shutil.which("strace"):
            return None
        counts = f"{self.dir}/strace"
        subprocess.run(["strace", "-f", "-qq", "-c", "-e", "trace=bpf", "-o", counts, SLUICE,
                        "--instance", self.instance, *args], env=self.env, check=True,
                       stdout=subprocess.DEVNULL)
        with open(counts, encoding="utf8") as f:
            found = re.search(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+bpf$", f.read(), re.M)
        return int(found[1]) if found else 0
