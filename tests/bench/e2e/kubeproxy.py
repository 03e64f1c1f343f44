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
NFT_TRANSACTION = 500            # service ports


def _hash(length, *parts):
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return base64.b32encode(digest).decode()[:length]


def _each(services):
    """(service, protocol) for every service port."""
    for service in services:
        for protocol in service.protocols:
            yield service, protocol


# --- nftables -------------------------------------------------------------------

_NFT_CHAINS = """
add table ip kube-proxy
add chain ip kube-proxy filter-prerouting-pre-dnat { type filter hook prerouting priority -110 ; }
add chain ip kube-proxy filter-output-pre-dnat { type filter hook output priority -110 ; }
add chain ip kube-proxy filter-input { type filter hook input priority 0 ; }
add chain ip kube-proxy filter-forward { type filter hook forward priority 0 ; }
add chain ip kube-proxy filter-output { type filter hook output priority 0 ; }
add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority -100 ; }
add chain ip kube-proxy nat-output { type nat hook output priority -100 ; }
add chain ip kube-proxy nat-postrouting { type nat hook postrouting priority 100 ; }
add chain ip kube-proxy cluster-ips-check
add chain ip kube-proxy firewall-check
add chain ip kube-proxy mark-for-masquerade
add chain ip kube-proxy masquerading
add chain ip kube-proxy nodeport-endpoints-check
add chain ip kube-proxy service-endpoints-check
add chain ip kube-proxy services
add set ip kube-proxy cluster-ips { type ipv4_addr ; }
add set ip kube-proxy nodeport-ips { type ipv4_addr ; }
add map ip kube-proxy firewall-ips { type ipv4_addr . inet_proto . inet_service : verdict ; }
add map ip kube-proxy no-endpoint-nodeports { type inet_proto . inet_service : verdict ; }
add map ip kube-proxy no-endpoint-services { type ipv4_addr . inet_proto . inet_service : verdict ; }
add map ip kube-proxy service-ips { type ipv4_addr . inet_proto . inet_service : verdict ; }
add map ip kube-proxy service-nodeports { type inet_proto . inet_service : verdict ; }
"""

_NFT_RULES = f"""
add rule ip kube-proxy filter-prerouting-pre-dnat ct state new jump firewall-check
add rule ip kube-proxy filter-output-pre-dnat ct state new jump firewall-check
add rule ip kube-proxy filter-input ct state new jump nodeport-endpoints-check
add rule ip kube-proxy filter-input ct state new jump service-endpoints-check
add rule ip kube-proxy filter-forward ct state new jump service-endpoints-check
add rule ip kube-proxy filter-forward ct state new jump cluster-ips-check
add rule ip kube-proxy filter-output ct state new jump service-endpoints-check
add rule ip kube-proxy filter-output ct state new jump cluster-ips-check
add rule ip kube-proxy nat-prerouting jump services
add rule ip kube-proxy nat-output jump services
add rule ip kube-proxy nat-postrouting jump masquerading
add rule ip kube-proxy masquerading mark and {MASQUERADE} == 0 return
add rule ip kube-proxy masquerading mark set mark xor {MASQUERADE}
add rule ip kube-proxy masquerading masquerade fully-random
add rule ip kube-proxy mark-for-masquerade mark set mark or {MASQUERADE}
add rule ip kube-proxy firewall-check ip daddr . meta l4proto . th dport vmap @firewall-ips
add rule ip kube-proxy service-endpoints-check ip daddr . meta l4proto . th dport vmap @no-endpoint-services
add rule ip kube-proxy nodeport-endpoints-check ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
add rule ip kube-proxy cluster-ips-check ip daddr @cluster-ips reject
add rule ip kube-proxy services ip daddr . meta l4proto . th dport vmap @service-ips
add rule ip kube-proxy services ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
"""


def _nft_elements(name, items):
    return [f"add element ip kube-proxy {name} {{ {', '.join(items)} }}"] if items else []


def _nft_name(service, protocol):
    return f"{_hash(8, service.name, protocol)}-default/{service.name}/{protocol}/p{service.port}"


def _nft_service(service, protocol, pod_cidr):
    """(chains, rules) of the service port, as commands."""
    tail = _nft_name(service, protocol)
    rules, endpoints = [], []
    for ip, port in service.endpoints:
        name = f"endpoint-{tail}__{ip}/{port}"
        endpoints.append(name)
        rules += [f"{name} ip saddr {ip} jump mark-for-masquerade",
                  f"{name} meta l4proto {protocol} dnat to {ip}:{port}"]
    pick = ", ".join(f"{n} : goto {name}" for n, name in enumerate(endpoints))
    rules += [f"service-{tail} ip daddr {service.cluster_ip} {protocol} dport {service.port} "
              f"ip saddr != {pod_cidr} jump mark-for-masquerade",
              f"service-{tail} numgen random mod {len(endpoints)} vmap {{ {pick} }}"]
    chains = [*endpoints, f"service-{tail}"]
    if service.node_port:
        chains.append(f"external-{tail}")
        rules += [f"external-{tail} jump mark-for-masquerade",
                  f"external-{tail} goto service-{tail}"]
    return ([f"add chain ip kube-proxy {chain}" for chain in chains],
            [f"add rule ip kube-proxy {rule}" for rule in rules])


def nft(node, services):
    """The whole table, as texts for one nft -f after another. The kernel looks through all of a
    transaction for each set that it binds, so one transaction for everything would take minutes.
    """
    yield _NFT_CHAINS + _NFT_RULES
    ports = [(s, p, _nft_name(s, p)) for s, p in _each(services)]
    for begin in range(0, len(ports), NFT_TRANSACTION):
        parts = [_nft_service(s, p, node.pod_cidr)
                 for s, p, _ in ports[begin:begin + NFT_TRANSACTION]]
        yield "\n".join([line for chains, _ in parts for line in chains] +
                        [line for _, rules in parts for line in rules] + [""])
    yield "\n".join([
        *_nft_elements("cluster-ips", [s.cluster_ip for s in services]),
        *_nft_elements("nodeport-ips", [node.address]),
        *_nft_elements("service-ips", [f"{s.cluster_ip} . {p} . {s.port} : goto service-{name}"
                                       for s, p, name in ports]),
        *_nft_elements("service-nodeports", [f"{p} . {s.node_port} : goto external-{name}"
                                             for s, p, name in ports if s.node_port]), ""])


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
