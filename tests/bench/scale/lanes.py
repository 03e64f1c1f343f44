# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""ns a packet with few and with many services: a node for each number, in a process of its own,
and they take turns."""
import contextlib
import subprocess
import sys
from multiprocessing import Pipe, Process

import manifests
from world import World

# Of one run: with one service all runs share the source ports towards one backend.
FLOWS = 1024


def _serve(pipe, program, services):
    with World() as w:
        w.attach()
        w.sluice("apply", "-f", w.write_parts("all", manifests.with_udp(services)))
        pipe.send(None)
        for run, dialled in enumerate(iter(pipe.recv, None)):
            done = subprocess.run([program, "up0", str(FLOWS), str(dialled), str(run)],
                                  text=True, capture_output=True, check=False)
            pipe.send((done.returncode, done.stderr, done.stdout))


class Lane:
    """One number of services."""

    def __init__(self, program, services):
        self.services = services
        self.pipe, end = Pipe()
        self.process = Process(target=_serve, args=(end, program, services))
        self.process.start()
        end.close()

    def ready(self):
        self._answer()

    def run(self, dialled):
        """(new, established), ns a packet, of flows to so many of the services."""
        self.pipe.send(dialled)
        status, complaint, said = self._answer()
        if status:
            sys.exit(f"scale: {self.services} services: {complaint.strip()}")
        return [float(ns) for ns in said.split()]

    def _answer(self):
        try:
            return self.pipe.recv()
        except EOFError:
            sys.exit(f"scale: the node of {self.services} services is gone")

    def close(self):
        with contextlib.suppress(OSError):
            self.pipe.send(None)
        self.process.join()


@contextlib.contextmanager
def lanes(program, counts):
    all_of_them = [Lane(program, n) for n in counts]
    try:
        for lane in all_of_them:
            lane.ready()
        yield all_of_them
    finally:
        for lane in all_of_them:
            lane.close()
