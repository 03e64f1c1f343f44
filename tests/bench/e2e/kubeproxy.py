# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The rules that a node proxy of Kubernetes keeps for Services, as text for nft and for
iptables-restore: its tables, chains, hooks, order and matches, written anew.

nftables: one verdict map over (address, protocol, port) to a chain of the service, which picks
an endpoint's chain by a random number. iptables: one list with a rule for every service, and
in the service's chain one rule with a probability for every endpoint.
"""
import base64
import hashlib

MASQUERADE = "0x4000"


def _hash(length, *parts):
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return base64.b32encode(digest).decode()[:length]


def _each(services):
    """(service, protocol) for every service port."""
    for service in services:
        for protocol in service.protocols:
            yield service, protocol


# --- nftables -------------------------------------------------------------------

_NFT_CHAINS = f"""
 chain filter-prerouting-pre-dnat {{
  type filter hook prerouting priority -110
  ct state new jump firewall-check
 }}
 chain filter-output-pre-dnat {{
  type filter hook output priority -110
  ct state new jump firewall-check
 }}
 chain filter-input {{
  type filter hook input priority 0
  ct state new jump nodeport-endpoints-check
  ct state new jump service-endpoints-check
 }}
 chain filter-forward {{
  type filter hook forward priority 0
  ct state new jump service-endpoints-check
  ct state new jump cluster-ips-check
 }}
 chain filter-output {{
  type filter hook output priority 0
  ct state new jump service-endpoints-check
  ct state new jump cluster-ips-check
 }}
 chain nat-prerouting {{
  type nat hook prerouting priority -100
  jump services
 }}
 chain nat-output {{
  type nat hook output priority -100
  jump services
 }}
 chain nat-postrouting {{
  type nat hook postrouting priority 100
  jump masquerading
 }}
 chain masquerading {{
  mark and {MASQUERADE} == 0 return
  mark set mark xor {MASQUERADE}
  masquerade fully-random
 }}
 chain mark-for-masquerade {{
  mark set mark or {MASQUERADE}
 }}
 chain firewall-check {{
  ip daddr . meta l4proto . th dport vmap @firewall-ips
 }}
 chain service-endpoints-check {{
  ip daddr . meta l4proto . th dport vmap @no-endpoint-services
 }}
 chain nodeport-endpoints-check {{
  ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
 }}
 chain cluster-ips-check {{
  ip daddr @cluster-ips reject
 }}
 chain services {{
  ip daddr . meta l4proto . th dport vmap @service-ips
  ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
 }}
"""

_NFT_MAPS = {
    "service-ips": "ipv4_addr . inet_proto . inet_service : verdict",
    "service-nodeports": "inet_proto . inet_service : verdict",
    "firewall-ips": "ipv4_addr . inet_proto . inet_service : verdict",
    "no-endpoint-services": "ipv4_addr . inet_proto . inet_service : verdict",
    "no-endpoint-nodeports": "inet_proto . inet_service : verdict",
}


def _nft_elements(items):
    return f"  elements = {{ {', '.join(items)} }}\n" if items else ""


def _nft_map(name, items):
    return f" map {name} {{\n  type {_NFT_MAPS[name]}\n{_nft_elements(items)} }}\n"


def _nft_set(name, items):
    return f" set {name} {{\n  type ipv4_addr\n{_nft_elements(items)} }}\n"


def _nft_name(service, protocol):
    return f"{_hash(8, service.name, protocol)}-default/{service.name}/{protocol}/p{service.port}"


def _nft_endpoints(tail, service, protocol):
    """(chain's name, its text) for each endpoint."""
    for ip, port in service.endpoints:
        name = f"endpoint-{tail}__{ip}/{port}"
        yield name, (f" chain {name} {{\n  ip saddr {ip} jump mark-for-masquerade\n"
                     f"  meta l4proto {protocol} dnat to {ip}:{port}\n }}\n")


def _nft_service(service, protocol, pod_cidr):
    """The text of all chains of the service port."""
    tail = _nft_name(service, protocol)
    chains = list(_nft_endpoints(tail, service, protocol))
    pick = ", ".join(f"{n} : goto {name}" for n, (name, _) in enumerate(chains))
    text = [body for _, body in chains]
    text.append(f" chain service-{tail} {{\n  ip daddr {service.cluster_ip} {protocol} dport "
                f"{service.port} ip saddr != {pod_cidr} jump mark-for-masquerade\n"
                f"  numgen random mod {len(chains)} vmap {{ {pick} }}\n }}\n")
    if service.node_port:
        text.append(f" chain external-{tail} {{\n  jump mark-for-masquerade\n"
                    f"  goto service-{tail}\n }}\n")
    return "".join(text)


def nft(node, services):
    """For nft -f: the whole table."""
    ips = [f"{s.cluster_ip} . {p} . {s.port} : goto service-{_nft_name(s, p)}"
           for s, p in _each(services)]
    ports = [f"{p} . {s.node_port} : goto external-{_nft_name(s, p)}"
             for s, p in _each(services) if s.node_port]
    return "".join([
        "table ip kube-proxy {\n",
        _nft_set("cluster-ips", [s.cluster_ip for s in services]),
        _nft_set("nodeport-ips", [node.address]),
        *[_nft_map(name, []) for name in _NFT_MAPS if not name.startswith("service-")],
        *[_nft_service(s, p, node.pod_cidr) for s, p in _each(services)],
        _nft_map("service-ips", ips),
        _nft_map("service-nodeports", ports),
        _NFT_CHAINS,
        "}\n",
    ])


# --- iptables -------------------------------------------------------------------

_IPT_FILTER = f"""*filter
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-SERVICES - [0:0]
-A INPUT -m conntrack --ctstate NEW -j KUBE-PROXY-FIREWALL
-A INPUT -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -j KUBE-EXTERNAL-SERVICES
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m conntrack --ctstate NEW -j KUBE-PROXY-FIREWALL
-A FORWARD -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -m conntrack --ctstate NEW -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -j KUBE-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m mark --mark {MASQUERADE}/{MASQUERADE} -j ACCEPT
-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
"""

_IPT_NAT_CHAINS = """*nat
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SERVICES - [0:0]
"""

_IPT_NAT_BASE = f"""-A PREROUTING -j KUBE-SERVICES
-A OUTPUT -j KUBE-SERVICES
-A POSTROUTING -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --or-mark {MASQUERADE}
-A KUBE-POSTROUTING -m mark ! --mark {MASQUERADE}/{MASQUERADE} -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark {MASQUERADE}
-A KUBE-POSTROUTING -j MASQUERADE --random-fully
"""


def _ipt_service(service, protocol, pod_cidr):
    """(names of chains, rules, the rule for the list of services, that for node ports)"""
    about = f'-m comment --comment "default/{service.name}:p{service.port}"'
    tail = _hash(16, service.name, protocol)
    svc, ext = f"KUBE-SVC-{tail}", f"KUBE-EXT-{tail}"
    match = f"-d {service.cluster_ip}/32 -p {protocol} -m {protocol} --dport {service.port}"
    rules = [f"-A {svc} ! -s {pod_cidr} {match} {about} -j KUBE-MARK-MASQ"]
    chains, left = [svc], len(service.endpoints)
    for ip, port in service.endpoints:
        sep = f"KUBE-SEP-{_hash(16, service.name, protocol, ip, port)}"
        chance = f"-m statistic --mode random --probability {1 / left:.10f} " if left > 1 else ""
        chains.append(sep)
        rules += [f"-A {svc} {about} {chance}-j {sep}",
                  f"-A {sep} -s {ip}/32 {about} -j KUBE-MARK-MASQ",
                  f"-A {sep} -p {protocol} -m {protocol} {about} -j DNAT "
                  f"--to-destination {ip}:{port}"]
        left -= 1
    listed, node_port = f"-A KUBE-SERVICES {match} {about} -j {svc}", None
    if service.node_port:
        chains.append(ext)
        rules += [f"-A {ext} {about} -j KUBE-MARK-MASQ", f"-A {ext} -j {svc}"]
        node_port = (f"-A KUBE-NODEPORTS -p {protocol} -m {protocol} --dport {service.node_port} "
                     f"{about} -j {ext}")
    return chains, rules, listed, node_port


def iptables(node, services):
    """For iptables-restore: the tables filter and nat."""
    chains, rules, listed, node_ports = [], [], [], []
    for service, protocol in _each(services):
        of_chains, of_rules, one, port = _ipt_service(service, protocol, node.pod_cidr)
        chains += of_chains
        rules += of_rules
        listed.append(one)
        node_ports += [port] if port else []
    # The last rule of the list, so that all of it is walked before a node port is found.
    listed.append("-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS")
    return "".join([_IPT_FILTER, _IPT_NAT_CHAINS, *[f":{chain} - [0:0]\n" for chain in chains],
                    _IPT_NAT_BASE, "\n".join(rules + listed + node_ports), "\nCOMMIT\n"])


IPTABLES_EMPTY = "*filter\nCOMMIT\n*nat\nCOMMIT\n"
