# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""`detach --all` leaves nothing: links, programs, maps, pins, qdiscs, sysctls."""
import ctypes
import errno
import glob
import json
import os
import subprocess

from lab import NODES, Lab, addr, wait_for
from objects import web

OWN_LAB = True
SYS_BPF = 321   # x86-64
NEXT_ID = {"prog": 11, "map": 12, "link": 31}    # BPF_*_GET_NEXT_ID


def bpftool(*words):
    done = subprocess.run(["bpftool", "-j", *words], capture_output=True, text=True, check=False)
    return json.loads(done.stdout or "null")


def pins(lab, node):
    return [p for p in glob.glob(f"/sys/fs/bpf/sluice/{lab.instance(node)}/**", recursive=True)
            if os.path.isfile(p)]


def ids_of(lab):
    """(programs, maps, links) that this lab's pins hold, straight or by way of programs."""
    progs, maps, links = set(), set(), set()
    for node in NODES:
        for path in pins(lab, node):
            for kind, into in (("prog", progs), ("map", maps), ("link", links)):
                got = bpftool(kind, "show", "pinned", path)
                if isinstance(got, list):
                    got = got[0] if got else {}
                if got and "id" in got:
                    into.add(got["id"])
                    if kind == "link":
                        progs.add(got["prog_id"])
        net = lab.run(node, "bpftool", "-j", "net").stdout
        progs |= {p["id"] for part in json.loads(net) for dev in part.values() for p in dev
                  if "id" in p}
        progs |= {p["prog_id"] for part in json.loads(net) for dev in part.values() for p in dev
                  if "prog_id" in p}
    for prog in progs:
        maps |= set((bpftool("prog", "show", "id", str(prog)) or {}).get("map_ids", []))
    return progs, maps, links


def ids_now(kind):
    """Of all there are, without opening them as bpftool does: who opens and closes a program array
    that nobody else has open makes the kernel clear it, later, and one of two who do so at the same
    time leaves it a reference for ever (prog_array_map_clear() in kernel/bpf/arraymap.c takes one
    also if its work is queued already)."""
    libc = ctypes.CDLL(None, use_errno=True)
    attr = (ctypes.c_uint32 * 32)()     # start_id, next_id
    while not libc.syscall(SYS_BPF, NEXT_ID[kind], attr, ctypes.sizeof(attr)):
        attr[0] = attr[1]
        yield attr[0]
    if ctypes.get_errno() != errno.ENOENT:
        raise OSError(ctypes.get_errno(), f"cannot list the {kind}s")


def alive(kind, ids):
    return sorted(ids & set(ids_now(kind)))


def facts(lab, node):
    """All that a person would find changed on the node."""
    got = {"qdisc": lab.run(node, "tc", "qdisc", "show").stdout}
    got["link"] = "\n".join(line for line in lab.run(node, "ip", "-d", "link").stdout.splitlines()
                            if "xdp" in line or "prog/" in line)
    for dev in ("eth0", "veth-p1", "veth-p2", "lo"):
        for way in ("ingress", "egress"):
            got[f"{dev} {way}"] = lab.run(node, "tc", "filter", "show", "dev", dev, way).stdout
    # Not those of modules, which come with the module, whoever needs it.
    sysctl = lab.run(node, "sysctl", "-a").stdout.splitlines()
    got["sysctl"] = [s for s in sysctl if s.startswith(("net.core.", "net.ipv4.", "net.ipv6."))]
    return got


def compare(t, node, before, after):
    for key, want in before.items():
        if key == "sysctl":
            t.equal(sorted(set(after[key]) ^ set(want)), [], f"{node}: sysctls")
        else:
            t.equal(after[key], want, f"{node}: {key}")


def run(t):
    with Lab(t.name) as t.lab:
        lab = t.lab
        before = {node: facts(lab, node) for node in NODES}
        lab.attach(t.mode)
        lab.apply(*web())
        t.tries(lambda: lab.ask("client", addr("n1", 4), 30080), "attached: traffic")
        progs, maps, links = ids_of(lab)
        t.check(progs and maps, "programs and maps while attached", (progs, maps, links))
        t.check(pins(lab, "n1"), "pins while attached")

        lab.sluice("n1", "detach", "eth0")
        status = lab.sluice("n1", "status").stdout
        t.check("eth0" not in status, "detach eth0: status", status)
        for node in NODES:
            lab.sluice(node, "detach", "--all")
            t.check(not os.path.exists(f"/sys/fs/bpf/sluice/{lab.instance(node)}"),
                    f"{node}: pins", pins(lab, node))
            t.equal(glob.glob(f"/run/sluice*/*{lab.instance(node)}*"), [], f"{node}: notes in /run")
            compare(t, node, before[node], facts(lab, node))
        for kind, ids in (("link", links), ("prog", progs), ("map", maps)):
            wait_for(lambda kind=kind, ids=ids: not alive(kind, ids))
            t.equal(alive(kind, ids), [], f"{kind}s that live on")
        again = lab.sluice("n1", "detach", "--all", check=False)
        t.check(again.returncode in (0, 1) and len((again.stderr + again.stdout).splitlines()) <= 2,
                "detach once more: no crash, no flood", again.stderr)
        t.equal(glob.glob(f"/run/sluice*/*{lab.instance('n1')}*"), [], "detach once more: /run")

        lab.attach(t.mode)      # what was applied is still there
        got = t.tries(lambda: lab.ask("client", addr("n1", 4), 30080), "attached again: traffic")
        t.check(got, "attached again: what was applied answers")
