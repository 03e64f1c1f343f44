# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the machine does to the packets of a lab before sluice sees them, or behind it. All network
namespaces share a queue for each CPU (net.core.netdev_max_backlog): what somebody else's packets
leave no room for is lost, and the sender may be told ENOBUFS. A machine that stands still for a
while lets timers fire whose answers were on their way.

A test that loses a packet fails, and never tries again, unless there is a proof of one of the two.
"""
import errno
import os
import threading
import time

PULSE = 0.05
STILL = 0.3     # seconds that a CPU ran nothing of ours: the first SYN is repeated after one
ATTEMPTS = 5


class Resent(OSError):
    """TCP had to send a SYN again."""


def drops():
    """Packets lost at the queues of all CPUs since the machine started."""
    with open("/proc/net/softnet_stat", encoding="ascii") as f:
        return sum(int(line.split()[1], 16) for line in f)


class Pulse(threading.Thread):
    """Counts how often its CPU does not let it run."""

    def __init__(self, cpu):
        super().__init__(daemon=True)
        self.cpu, self.missed = cpu, 0
        self.start()

    def run(self):
        os.sched_setaffinity(0, {self.cpu})
        last = time.monotonic()
        while True:
            time.sleep(PULSE)
            now = time.monotonic()
            self.missed += now - last > PULSE + STILL
            last = now


class Bench:
    def __init__(self):
        self.pulses = []
        self.repeated = []      # for each attempt that did not count: why

    def mark(self):
        if not self.pulses:
            self.pulses = [Pulse(cpu) for cpu in os.sched_getaffinity(0)]
        return drops(), sum(p.missed for p in self.pulses)

    def blame(self, since):
        """What the machine did since the mark; "" if nothing."""
        time.sleep(2 * PULSE)   # who stood still must wake up to tell
        lost, missed = (now - then for now, then in zip(self.mark(), since))
        said = [f"{lost} packets lost at the CPUs' queues"] if lost else []
        said += [f"a CPU stood still {missed} times"] if missed else []
        return ", ".join(said)

    @staticmethod
    def is_loss(e):
        return isinstance(e, (TimeoutError, Resent)) or getattr(e, "errno", 0) == errno.ENOBUFS

    def fair(self, action):
        """The action's value; it is done again if it lost packets when the machine did, too."""
        for attempt in range(1, ATTEMPTS + 1):
            since = self.mark()
            try:
                return action()
            except OSError as e:
                blame = self.is_loss(e) and self.blame(since)
                if not blame:
                    raise
                if attempt == ATTEMPTS:
                    raise OSError(f"{e!r}, {attempt} times; at last: {blame}") from e
                self.repeated.append(blame)

    def fair_check(self, check):
        """The same for a check whose value is false if packets are lost."""
        for _ in range(ATTEMPTS):
            since = self.mark()
            value = check()
            blame = not value and self.blame(since)
            if not blame:
                break
            self.repeated.append(blame)
        return value


BENCH = Bench()
