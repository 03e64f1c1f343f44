# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Steady load from a host of the lab: short connections at a rate, and long ones that go on."""
import ipaddress
import socket
import threading
import time

from bench import BENCH
from lab import TIMEOUT, check_first_syn, inside


def family_of(to):
    return socket.AF_INET6 if ipaddress.ip_address(to).version == 6 else socket.AF_INET


class Short(threading.Thread):
    """One connection after the other, so many a second: dial, ask who is there, close. Each is
    told to @done as (begin, end, backend or None, error or None). @timeout: also for what is not
    meant to be answered."""

    def __init__(self, lab, host, to, port, rate, done, timeout=TIMEOUT):
        super().__init__(daemon=True)   # must not outlive a test that ends in the middle
        self.lab, self.host, self.to, self.port = lab, host, to, port
        self.pause, self.done, self.on, self.asked = 1 / rate, done, True, 0
        self.timeout = timeout
        self.start()

    def ask(self):
        with socket.socket(family_of(self.to), socket.SOCK_STREAM) as s:
            s.settimeout(self.timeout)
            s.connect((self.to, self.port))
            check_first_syn(s)
            s.sendall(b"who\n")
            return s.recv(200).decode().split()[0]

    def once(self):
        begin = time.monotonic()
        try:
            name = BENCH.fair(self.ask)
            self.done(begin, time.monotonic(), name, None)
        except (OSError, IndexError) as e:
            self.done(begin, time.monotonic(), None, e)

    def run(self):
        with inside(f"{self.lab.name}-{self.host}"):
            due = time.monotonic()
            while self.on:
                self.asked += 1
                self.once()
                due += self.pause
                time.sleep(max(0, due - time.monotonic()))

    def stop(self):
        self.on = False
        self.join()


class Long(threading.Thread):
    """Connections that stay open; each asks again and again, and must hear the same backend."""

    def __init__(self, lab, host, to, port, n):
        super().__init__(daemon=True)
        self.open = [lab.dial(host, to, port) for _ in range(n)]
        self.names = [self.who(s) for s in self.open]
        self.errors, self.on, self.asked = [], True, 0
        self.start()

    @staticmethod
    def who(s):
        s.sendall(b"who\n")
        return s.recv(200).decode().split()[0]

    def run(self):
        while self.on:
            for s, name in zip(self.open, self.names):
                self.asked += 1
                try:
                    got = self.who(s)
                except (OSError, IndexError) as e:
                    got = repr(e)
                if got != name:
                    self.errors.append(f"{name}: {got}")
            time.sleep(0.2)

    def stop(self):
        self.on = False
        self.join()
        for s in self.open:
            s.close()
