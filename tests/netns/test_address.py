# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Rules about addresses, with real sockets: undefined ports and unallocated addresses, echo
requests, which addresses have node ports, 127.0.0.1 among them, and who is masqueraded."""
import errno
import json
import os
import socket
import struct

from bench import BENCH
from lab import PODS, SILENCE, TIMEOUT, addr, cluster_ip, inside
from objects import one, service, web

VIP = {4: "198.51.100.80", 6: "2001:db8:51::80"}
HOSTS = ("client", "n1", "n1p1")
FREE = {4: "10.96.9.9", 6: "fd00:10:96::99"}
SECOND = {4: "192.168.77.1", 6: "2001:db8:77::1"}


def drops(t, reason):
    return t.lab.sluice_json("n1", "stats")["drops"].get(reason, 0)


def refused(t, host, to, port, proto, title):
    """A connection or datagram is refused at once, not lost."""
    try:
        t.lab.ask(host, to, port, proto)
        t.check(False, title, "answered")
    except ConnectionRefusedError:
        t.check(True, title)
    except OSError as e:
        t.check(False, title, e)


def lost(t, host, to, port, title):
    try:
        t.lab.ask_once(host, to, port, "udp", SILENCE)
        t.check(False, title, "answered")
    except TimeoutError:
        t.check(True, title)
    except OSError as e:
        t.check(False, title, e)


def csum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ping(t, host, to, size=56):
    """What comes back for an echo request: True for its reply, or an errno."""
    return BENCH.fair(lambda: ping_once(t, host, to, size))


def ping_once(t, host, to, size):
    v6 = ":" in to
    s = t.lab.socket(host, socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW,
                     socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP)
    data = os.urandom(size)
    head = struct.pack("!BBHHH", 128 if v6 else 8, 0, 0, 0x5117, 1)
    if not v6:      # the kernel does it for IPv6
        head = struct.pack("!BBHHH", 8, 0, csum(head + data), 0x5117, 1)
    with s:
        s.settimeout(TIMEOUT)
        s.connect((to, 0))
        s.sendall(head + data)
        try:
            while True:
                got = s.recv(65536)
                got = got if v6 else got[(got[0] & 15) * 4:]
                if got[0] == (129 if v6 else 0) and got[8:] == data:
                    return csum(got) == 0 if not v6 else True
                if got[0] in ((1,) if v6 else (3,)):
                    return errno.ECONNREFUSED
        except ConnectionRefusedError:
            return errno.ECONNREFUSED


def ports(t):
    for host in HOSTS:
        for family in (4, 6):
            for proto in ("tcp", "udp"):
                refused(t, host, cluster_ip(80, family), 8081, proto,
                        f"undefined {proto} port of a ClusterIP from {host} over IPv{family}")
    t.check(drops(t, "undefinedPort") >= 12, "undefined ports are counted", drops(t, "undefinedPort"))
    of_web = sum(s["drops"].get("undefinedPort", 0)
                 for s in t.lab.sluice_json("n1", "stats")["services"] if s["service"] == "web")
    t.check(of_web >= 12, "and for their service", of_web)


def ranges(t):
    lost(t, "n1p1", FREE[4], 80, "an unallocated address")
    t.equal(drops(t, "unallocated"), 0, "the default range is nobody's to drop in")
    t.lab.sluice("n1", "config", "--service-cidr", "10.96.0.0/12", "--service-cidr",
                 "fd00:10:96::/112")
    for host in HOSTS:
        for family in (4, 6):
            before = drops(t, "unallocated")
            lost(t, host, FREE[family], 80, f"unallocated from {host} over IPv{family}")
            t.check(drops(t, "unallocated") > before, f"is dropped: {host} IPv{family}")
    for family in (4, 6):
        t.check(t.lab.ask("n1p1", cluster_ip(80, family), 80), f"Services go on, IPv{family}")


def echoes(t):
    for host in HOSTS:
        for family in (4, 6):
            for to, what in ((cluster_ip(80, family), "ClusterIP"), (VIP[family], "VIP")):
                for size in (0, 56, 1200):
                    t.equal(ping(t, host, to, size), True,
                            f"{size} bytes to the {what} from {host} over IPv{family}")
            t.equal(ping(t, host, cluster_ip(90, family)), errno.ECONNREFUSED,
                    f"without an endpoint, from {host} over IPv{family}")
    t.lab.sluice("n1", "config", "--echo", "off")
    t.equal(ping(t, "n1p1", cluster_ip(80, 4)), errno.ECONNREFUSED, "switched off")
    t.lab.sluice("n1", "config", "--echo", "on")
    t.equal(ping(t, "n1p1", cluster_ip(80, 4)), True, "switched on")


def answers(t, host, to, port):
    try:
        t.lab.ask(host, to, port)
        return True
    except OSError:
        return False


def node_ports(t):
    for family in (4, 6):
        t.lab.run("n1", "ip", "addr", "add", f"{SECOND[family]}/{32 if family == 4 else 128}",
                  "dev", "lo")
    for wanted, seen in (("primary", (True, True, False, False)),
                         ("192.168.77.0/24", (False, True, True, True)),
                         ("0.0.0.0/0", (True, True, True, True)),
                         ("2001:db8:77::/64", (True, False, True, True))):
        t.lab.sluice("n1", "config", "--node-port-addresses", wanted)
        got = tuple(answers(t, "n1", to, 30080)
                    for to in (addr("n1", 4), addr("n1", 6), SECOND[4], SECOND[6]))
        t.equal(got, seen, f"node ports at {wanted}")
    t.check("node-port-addresses  2001:db8:77::/64" in t.lab.sluice("n1", "config").stdout,
            "config shows them")
    t.lab.sluice("n1", "config", "--node-port-addresses", "primary")


def datagram(t, dst, data):
    """A UDP datagram to port 5555 of an address, to n1's MAC from the router, as nobody's stack
    would send it."""
    def mac(host, dev):
        link = json.loads(t.lab.run(host, "ip", "-j", "link", "show", dev).stdout)[0]
        return bytes.fromhex(link["address"].replace(":", ""))

    udp = struct.pack("!HHHH", 40000, 5555, 8 + len(data), 0) + data
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                     socket.inet_aton(addr("router", 4)), socket.inet_aton(dst))
    ip = ip[:10] + struct.pack("!H", csum(ip)) + ip[12:]
    with t.lab.socket("router", socket.AF_PACKET, socket.SOCK_RAW) as s:
        with inside(f"{t.lab.name}-router"):
            s.bind(("n1", 0x0800))
        s.send(mac("n1", "eth0") + mac("router", "n1") + b"\x08\x00" + ip + udp)


def neighbour(t):
    """A neighbour cannot reach what listens at 127.0.0.1 (CVE-2020-8558)."""
    with t.lab.socket("n1", socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("0.0.0.0", 5555))
        s.settimeout(TIMEOUT)
        datagram(t, "127.0.0.1", b"by 127.0.0.1")
        datagram(t, addr("n1", 4), b"by its address")
        t.equal(s.recv(100), b"by its address", "a neighbour reaches the node's address alone")


def localhost(t):
    for proto in ("tcp", "udp"):
        seen = t.lab.reached("n1", "127.0.0.1", 30080, proto, want=PODS)
        t.equal(seen, set(PODS), f"127.0.0.1 leads to pods here and there, {proto}")
        masks = {t.lab.ask("n1", "127.0.0.1", 30080, proto)[1] for _ in range(30)}
        t.equal(masks, {addr("n1", 4)}, f"masqueraded, {proto}")
        t.equal(t.lab.ask("n1", "127.0.0.1", 30085, proto)[0], "n1", f"and to a socket, {proto}")
    with t.lab.dial("n1", "127.0.0.1", 30080) as s:
        t.equal(s.getpeername(), ("127.0.0.1", 30080), "the peer is who was dialled")
    t.check(not answers(t, "n1", "::1", 30080), "not at ::1")
    t.equal(t.lab.run("n1", "sysctl", "-n", "net.ipv4.conf.all.route_localnet",
                      "net.ipv4.conf.eth0.route_localnet").stdout.split(), ["0", "0"],
            "neighbours stay outside")
    neighbour(t)
    t.lab.sluice("n1", "config", "--localhost-node-ports", "off")
    t.check(not answers(t, "n1", "127.0.0.1", 30080), "switched off")
    t.equal(t.lab.run("n1", "sysctl", "-n", "net.ipv4.conf.lo.route_localnet").stdout.strip(), "0",
            "lo's setting is as it was")
    t.lab.sluice("n1", "config", "--localhost-node-ports", "on")
    t.check(answers(t, "n1", "127.0.0.1", 30080), "switched on")


def masquerade(t):
    t.equal({t.lab.ask("n1p1", cluster_ip(81, 4), 80)[1]}, {addr("n1p1", 4)}, "a pod keeps its address")
    t.lab.sluice("n1", "config", "--masquerade-all", "on")
    t.equal({t.lab.ask("n1p1", cluster_ip(81, 4), 80)[1]}, {addr("n1", 4)}, "masquerade-all")
    t.lab.sluice("n1", "config", "--masquerade-all", "off")
    t.equal(t.lab.ask("client", cluster_ip(82, 4), 80)[1], addr("n1", 4), "who is no pod is masked")
    t.lab.sluice("n1", "config", "--cluster-cidr", f"{addr('client', 4)}/32")
    t.equal(t.lab.ask("client", cluster_ip(82, 4), 80)[1], addr("client", 4), "who is one is not")
    t.lab.sluice("n1", "config", "--cluster-cidr", "devices")


def usage(t):
    for words in (("--echo", "maybe"), ("--node-port-addresses", "eth0"),
                  ("--cluster-cidr", "0.0.0.0/0"), ("--masquerade-all", "1")):
        done = t.lab.sluice("n1", "config", *words, check=False)
        t.equal(done.returncode, 2, f"{words} is no value")
        t.check(words[0] in done.stderr, f"{words}: says so", done.stderr)


def routes(t):
    """Whoever is outside finds ClusterIPs and VIPs behind n1."""
    for net in ("10.96.0.0/12", f"{VIP[4]}/32", "fd00:10:96::/112", f"{VIP[6]}/128"):
        t.lab.run("router", "ip", "route", "add", net, "via", addr("n1", 6 if ":" in net else 4))


def run(t):
    routes(t)
    vip = service("vip", 83, {"app": "web"}, type="LoadBalancer")
    vip["status"] = {"loadBalancer": {"ingress": [{"ip": ip} for ip in VIP.values()]}}
    t.lab.apply(*web(), vip, *one("remote", 81, "n2p1"), *one("here", 82, "n1p2"),
                *one("host", 85, "n1"), service("empty", 90, {"app": "none"}))
    ports(t)
    echoes(t)
    ranges(t)
    node_ports(t)
    localhost(t)
    masquerade(t)
    usage(t)
