# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What tests/cli says of the commands, where something is attached: what they do to the maps, and
what they show of them."""
import concurrent.futures
import json
import tempfile

from lab import addr, cluster_ip
from objects import nodes, one, pod, service, web
from test_kill import BACKEND, flip, node_port

MODES = ("off",)


def answers(t, port):
    try:
        return bool(t.lab.ask("client", addr("n1", 4), port))
    except OSError:
        return False


def write(path, objects):
    with open(path, "w", encoding="utf8") as f:
        json.dump({"apiVersion": "v1", "kind": "List", "items": objects}, f)
    return path


def in_sync(t, title):
    t.equal(t.lab.sluice_json("n1", "status")["inSync"], True, f"{title}: maps in sync")


def packets(t):
    return t.lab.service_stats("n1", "web", "tcp")["packetsIn"]


def describe(t):
    for _ in range(5):
        t.lab.ask("client", addr("n1", 4), 30080)
    before = packets(t)
    out = t.lab.sluice("n1", "describe", "svc", "web").stdout
    after = packets(t)
    t.check("NodePort:                 tcp  30080/TCP\n" in out, "describe: node port", out)
    rows = [line.split() for line in out.splitlines() if line.startswith("default/web ")]
    t.equal([r[1] for r in rows], ["tcp:80/TCP", "udp:80/UDP"], "describe: a row for each port")
    t.check(rows and 15 <= before <= int(rows[0][2]) <= after, "describe: its counters",
            (before, rows, after))
    t.check("10.244.1.10:8080" in out.replace("─", " "), "describe: its backends", out)

    t.lab.apply(service("nobody", 60, {"app": "nobody"}), nodes=["n1"])
    t.check(not answers(t, 30060), "a service without endpoints does not answer")
    out = t.lab.sluice("n1", "describe", "svc", "nobody").stdout
    t.check("no usable endpoint" in out, "describe: why its packets were dropped", out)
    out = t.lab.sluice("n1", "describe", "svc", "web").stdout
    t.check("DROPPED" not in out, "describe: not another's drops", out)
    t.lab.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "away"},
                 "spec": {"type": "ExternalName", "externalName": "example.com"}}, nodes=["n1"])
    done = t.lab.sluice("n1", "stats", "away", check=False)
    t.check(done.returncode == 1 and "nothing of it is counted" in done.stderr,
            "stats: of a Service without addresses", done.stderr)
    done = t.lab.sluice("n1", "stats", "nope", "web", check=False)
    t.equal((done.returncode, done.stderr),
            (1, 'Error from server (NotFound): services "nope" not found\n'),
            "stats: a name that is not there, as get says it")
    t.check("default/web" in done.stdout and "nobody" not in done.stdout,
            "stats: and the other one", done.stdout)
    t.lab.sluice("n1", "delete", "svc", "nobody")


def moving_address(t):
    """The host's address is where its node ports are: status sees that it moved before sync does."""
    def status(wanted, title):
        got = t.lab.sluice("n1", "status").stdout
        t.check(("maps hold what is stored" in got) == wanted and
                ("sluice sync" in got) != wanted, f"moving address: {title}", got)
        t.equal(t.lab.sluice_json("n1", "status")["inSync"], wanted, f"moving address: {title}")

    t.lab.sluice("n1", "config", "--node-port-addresses", "198.51.100.64/26")
    status(True, "at first")
    for do in ("add", "del"):
        t.lab.run("n1", "ip", "addr", do, "198.51.100.65/32", "dev", "lo")
        status(False, f"{do}, not synced")
        t.lab.sluice("n1", "sync")
        status(True, f"{do}, synced")
    t.lab.sluice("n1", "config", "--node-port-addresses", "primary")
    status(True, "at last")


def diff(t, tmp):
    moved = service("web", 61, {"app": "web"})
    moved["spec"]["clusterIP"] = cluster_ip(80, 4)
    moved["spec"]["clusterIPs"] = [cluster_ip(80, 4), cluster_ip(80, 6)]
    path = write(f"{tmp}/diff.json", [moved])
    done = t.lab.sluice("n1", "diff", "--datapath", "-f", path, check=False)
    t.equal(done.returncode, 1, "diff: exit status")
    for sign, port in (("-", 30080), ("+", 30061)):
        line = f"{sign}frontend default/web:tcp TCP {addr('n1', 4)}:{port} node-port Cluster"
        t.check(line in done.stdout.splitlines(), f"diff: {line}", done.stdout + done.stderr)
    t.check(f"{addr('n2', 4)}" not in done.stdout, "diff: of this host alone", done.stdout)
    t.check(answers(t, 30080) and not answers(t, 30061), "diff changes nothing")
    t.lab.sluice("n1", "apply", "-f", path)
    t.check(answers(t, 30061) and not answers(t, 30080), "apply does what diff said")
    t.equal(t.lab.sluice("n1", "diff", "--datapath", "-f", path).stdout, "", "diff: nothing left")
    t.lab.apply(*web(), nodes=["n1"])


def dry_run(t, tmp):
    path = write(f"{tmp}/dry.json", [service("dry", 62, {"app": "web"})])
    for words in (("apply",), ("create",), ("apply", "--prune", "--all")):
        t.lab.sluice("n1", *words, "--dry-run", "-f", path)
        t.check(answers(t, 30080) and not answers(t, 30062), f"{words}: a dry run changes nothing")
    t.lab.sluice("n1", "delete", "--dry-run", "svc", "web")
    t.check(answers(t, 30080), "delete: a dry run changes nothing")
    in_sync(t, "dry run")


def create(t, tmp):
    path = write(f"{tmp}/create.json", [service("fresh", 63, {"app": "web"}),
                                        service("web", 64, {"app": "web"})])
    done = t.lab.sluice("n1", "create", "-f", path, check=False)
    t.equal(done.returncode, 1, "create of what exists: exit status")
    t.check(not answers(t, 30063) and not answers(t, 30064) and answers(t, 30080),
            "create of what exists: nothing changed")
    in_sync(t, "create of what exists")
    path = write(f"{tmp}/create.json", [service("fresh", 63, {"app": "web"})])
    t.lab.sluice("n1", "create", "-f", path)
    t.check(answers(t, 30063), "create: answers")


def prune(t, tmp):
    """The folder is what is there; afterwards that of one pod and one service less."""
    write(f"{tmp}/base.json", nodes() + one("kept", 65, "n2p1"))
    write(f"{tmp}/web.json", [service("web", 80, {"app": "web"}), pod("n1p1"), pod("n2p1")])
    write(f"{tmp}/more.json", one("more", 66, "n2p1"))
    t.lab.sluice("n1", "apply", "--prune", "-f", tmp)
    t.check(answers(t, 30066) and not answers(t, 30063), "prune: the folder alone")
    write(f"{tmp}/more.json", [])
    write(f"{tmp}/web.json", [service("web", 80, {"app": "web"}), pod("n2p1")])
    out = t.lab.sluice("n1", "apply", "--prune", "-f", tmp).stdout.splitlines()
    t.equal([line for line in out if line.endswith("pruned")],
            ["service/more pruned", "pod/more-n2p1 pruned", "pod/n1p1 pruned"], "prune: says what")
    t.check(not answers(t, 30066) and answers(t, 30065), "prune: a service")
    got = {t.lab.ask("client", addr("n1", 4), 30080)[0] for _ in range(20)}
    t.equal(got, {"n2p1"}, "prune: a pod")
    in_sync(t, "prune")


def together(t):
    """Applies that run side by side, of two worlds: in the end it is one of them."""
    def apply(n):
        return t.lab.apply(*flip(n), nodes=["n1"])

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        done = [pool.submit(apply, 30095 + i % 2) for i in range(12)]
    for d in done:
        t.tries(d.result, "applies side by side")
    in_sync(t, "applies side by side")
    last = node_port(t)
    for port, host in BACKEND.items():
        t.equal(answers(t, port), port == last, f"node port {port}, of {last}")
        if port == last:
            t.equal(t.lab.ask("client", addr("n1", 4), port)[0], host, "its backend")


def labels(t):
    t.lab.sluice("n1", "delete", "pod", "-l", "app in (web,nothing)")
    t.check(not answers(t, 30080) and answers(t, 30065), "delete -l: the pods behind one service")
    in_sync(t, "delete -l")
    t.lab.sluice("n1", "delete", "svc", "--all", "-A")
    t.check(not answers(t, 30065), "delete --all")
    in_sync(t, "delete --all")


def patterns(t):
    """A pattern may match nothing yet; a name must be there."""
    def attached():
        return t.lab.sluice_json("n1", "status")["devices"]

    before = attached()
    done = t.lab.sluice("n1", "attach", "--workload", "nope*", check=False)
    t.equal(done.returncode, 0, "attach: a pattern without a match")
    t.check("warning: no device of this network namespace matches 'nope*'" in done.stderr,
            "attach: and it is said", done.stderr)
    done = t.lab.sluice("n1", "attach", "--workload", "nope", "nope*", check=False)
    t.equal(done.returncode, 1, "attach: a name without a device")
    done = t.lab.sluice("n1", "attach", "--workload", "nope*", "veth-p1", check=False)
    t.check(done.returncode == 0 and "veth-p1: attached" in done.stdout,
            "attach: what is there, beside a pattern without a match", done.stdout + done.stderr)
    t.equal(attached(), before, "attach: devices afterwards")
    words = [*t.lab.sluice_words("n1", "attach", "--workload", "nope*")]
    words[words.index("--instance") + 1] += "-empty"
    done = t.lab.run("n1", *words, check=False)
    t.equal(done.returncode, 0, "attach: a pattern without a match, where nothing is attached")
    words[words.index("attach"):] = ["status"]
    t.check("nothing" in t.lab.run("n1", *words, check=False).stdout, "attach: nothing is left of it")


def run(t):
    t.lab.apply(*web())
    describe(t)
    moving_address(t)
    for step in (diff, dry_run, create, prune):
        with tempfile.TemporaryDirectory() as tmp:
            step(t, tmp)
    together(t)
    labels(t)
    patterns(t)
