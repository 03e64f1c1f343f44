# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What we aim at, for rows that do not say it themselves: the whole id as a pattern, what it is
held against (a ratio's name, or the unit of the row's own value), and the limit.
"""
import re

EAST_WEST = r"tcp/pod-clusterip-(local|remote)/"
MANY = r"scale/{}/services=5000x4/{}(/sluice)?"

TARGETS = tuple((re.compile(pattern), of, limit) for pattern, of, limit in (
    (r"packets/nodeport(-reply)?/services=\d+/sluice", "xdp-forward", 0.9),
    (r"packets/new-flows/services=10000/sluice", "nftables", 4.0),
    (EAST_WEST + r"(connections|requests)(-p99)?/sluice", "direct", 1.0),
    (EAST_WEST + r"(upload|download)/offloads=(on|off)/sluice", "direct", 1.0),
    (MANY.format("cold", "wall"), "ms", 300.0),
    (MANY.format("change", "(wall|cpu)"), "ms", 5.0),
))


def target_of(row):
    """(ratio's name or unit, limit), or None."""
    return next(((of, limit) for pattern, of, limit in TARGETS if pattern.fullmatch(row["id"])),
                None)
