# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kill -9 at each system call of a command that changes something, by strace(1)'s fault
injection: the signal comes before the call is carried out, so between them all the states are
met that a file or a map in the kernel can be in. (Maps that are written through memory change
between these calls; tests/netns/test_kill.py, which kills at random moments, meets those.)
"""
import collections
import re
import subprocess
import tempfile

CALLS = ("bpf", "fchown", "fdatasync", "fsync", "ftruncate", "mkdir", "openat", "pwrite64",
         "rename", "unlink", "write")
# Of these, only some change anything.
ONLY = {"bpf": re.compile("UPDATE|DELETE|CREATE|PIN|ATTACH|DETACH"),
        "openat": re.compile("O_CREAT|O_TRUNC")}


def points(run, argv):
    """(call, number) of the calls that change something. @run runs an argv and returns a
    CompletedProcess."""
    counts, found = collections.Counter(), []
    with tempfile.NamedTemporaryFile("r", prefix="sluice-strace-") as log:
        done = run(["strace", "-qq", "-s0", "-o", log.name, f"-etrace={','.join(CALLS)}", *argv])
        assert done.returncode == 0, done.stderr
        for line in log:
            call = line.split("(", 1)[0]
            if call not in CALLS:
                continue
            counts[call] += 1
            if call not in ONLY or ONLY[call].search(line):
                found.append((call, counts[call]))
    return found


def killed_at(run, argv, call, number):
    """Whether the run was killed, before this call."""
    done = run(["strace", "-qq", "-o", "/dev/null", f"-etrace={call}",
                f"-einject={call}:signal=SIGKILL:when={number}", *argv])
    assert done.returncode in (0, -9, 137), done.stderr
    return done.returncode != 0
