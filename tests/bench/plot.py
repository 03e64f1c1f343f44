#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Draws the main comparisons from the benchmarks' JSON files as one SVG, by gnuplot: a panel for
each question, a group of bars for each load, a colour for each contender. No background, and
greys in the middle: it is to be read in light and dark.

    plot.py FOLDER OUTPUT.svg
"""
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
from results import Missing, load_bench  # noqa: E402

SOURCES = ("packets", "tcp", "scale")
GREY = "#808890"
# In the order of the bars. Names of rows may say "none" or "direct": no balancer at all.
CONTENDERS = {
    "sluice": "#3987e5",
    "xdp-forward": "#22a06b",
    "none": GREY,
    "nftables": "#e56910",
    "iptables-nft": "#d04a6f",
    "iptables-legacy": "#9d6bd0",
}
ALIASES = {"direct": "none"}
TITLES = {"xdp-forward": "plain XDP forwarding", "none": "no balancer"}
PATHS = {
    "pod-clusterip-local": "pod to\\nlocal pod",
    "pod-clusterip-remote": "pod to\\nremote pod",
    "client-nodeport-local": "client to\\nlocal pod",
    "client-nodeport-remote": "client to\\nremote pod",
}


class Panel(NamedTuple):
    title: str
    scales: dict        # unit of a row → factor to the title's unit
    pattern: str        # of ids; the groups "load" and "who" are what the bars are


def by_services(title, case):
    return Panel(f"{title}, million/s, by Services", {"packets/s": 1e-6, "flows/s": 1e-6},
                 rf"packets/{case}/services=(?P<load>\d+)/(?P<who>[^/]+)")


def by_path(title, load):
    return Panel(f"{title}, thousand/s", {"1/s": 1e-3},
                 rf"tcp/(?P<load>[^/]+)/{load}/(?P<who>[^/]+)")


PANELS = (
    by_services("packets to a NodePort", "nodeport"),
    by_services("packets to a ClusterIP", "clusterip"),
    by_services("new flows", "new-flows"),
    by_path("TCP connections", "connections"),
    by_path("TCP requests, keep-alive", "requests"),
    Panel("one endpoint changed, ms, by Services",
          {"s": 1e3, "ms": 1.0, "us": 1e-3},
          r"scale/change/services=(?P<load>[^/]+)/wall(?:/(?P<who>[^/]+))?"),
)


def bars(panel, rows):
    """load → contender → value, loads in the order of the rows."""
    found = {}
    for row in rows:
        match = re.fullmatch(panel.pattern, row["id"])
        if not match:
            continue
        who = match["who"] or "sluice"
        who = ALIASES.get(who, who)
        if who in CONTENDERS and row["unit"] in panel.scales:
            found.setdefault(match["load"], {})[who] = row["median"] * panel.scales[row["unit"]]
    return found


def needs_log(of):
    values = [v for each in of.values() for v in each.values() if v > 0]
    return max(values) > 30 * min(values)


def load_name(load):
    if load.isdigit():
        return f"{int(load):,}"
    return PATHS.get(load, load)


def quote(text):
    """For gnuplot, in double quotes: they know backslashes, and \\n is meant."""
    return '"' + text.replace('"', "'") + '"'


def block(name, of):
    """A table for gnuplot, a column for each contender."""
    lines = [f"${name} << EOD"]
    for load, values in of.items():
        cells = [f"{values[who]:.5g}" if who in values else "?" for who in CONTENDERS]
        lines.append(" ".join([quote(load_name(load)), *cells]))
    return "\n".join([*lines, "EOD"])


def panel_script(number, panel, of):
    shown = [(i, who) for i, who in enumerate(CONTENDERS) if any(who in v for v in of.values())]
    plots = ", ".join(f"$panel{number} using {i + 2}:xtic(1) lc rgb '{CONTENDERS[who]}'"
                      for i, who in shown)
    return "\n".join([
        "unset label" if number else "",    # the legend is drawn with the first
        f"set title {quote(panel.title)} tc rgb '{GREY}'",
        "set logscale y" if needs_log(of) else "unset logscale",
        "set yrange [*:*]" if needs_log(of) else "set yrange [0:*]",
        f"set xrange [-0.6:{len(of) - 0.4}]",
        f"plot {plots}"])


def legend(names):
    """Text in the colours of the bars, across the top."""
    lines, at = [], 0.03
    for i, who in enumerate(names, 1):
        title = TITLES.get(who, who)
        lines.append(f"set label {i} {quote('■ ' + title)} at screen {at:.3f}, screen 0.975 "
                     f"tc rgb '{CONTENDERS[who]}'")
        at += 0.035 + 0.0098 * len(title)
    return lines


def caption(documents):
    """Machine and kernel, of the first that says it."""
    m = next((d["machine"] for d in documents if "machine" in d), None)
    if not m:
        return "machine unknown"
    return (f"{m['cpu']}, {m['cpus']} CPUs, Linux {m['kernel']}, {m['date'][:10]}; "
            "medians of interleaved runs")


def shorter(svg):
    """Without the groups in which nothing is, two thirds of what gnuplot writes."""
    while True:
        cut = re.sub(r"<g [^>]*>\s*</g>\s*", "", svg)
        if cut == svg:
            return cut
        svg = cut


def script(panels, names, text):
    rows = (len(panels) + 1) // 2
    height = 80 + 240 * rows
    return "\n".join([
        f"set terminal svg size 960,{height} dynamic font 'sans-serif,13'",
        *(block(f"panel{i}", of) for i, (_, of) in enumerate(panels)),
        "set datafile missing '?'", "set style data histograms",
        "set style histogram clustered gap 1", "set style fill solid 1.0 noborder",
        "set boxwidth 0.9 relative", "unset key", f"set border 3 lc rgb '{GREY}'",
        f"set xtics nomirror scale 0 font ',11' tc rgb '{GREY}'",
        f"set ytics nomirror font ',11' tc rgb '{GREY}'",
        f"set grid ytics lt 1 lw 0.4 lc rgb '{GREY}'",
        f"set multiplot layout {rows},2 margins 0.06,0.98,{85 / height:.3f},{1 - 85 / height:.3f} "
        f"spacing 0.08,{90 / height:.3f}",
        *legend(names),
        f"set label 99 {quote(text)} at screen 0.03, screen {18 / height:.3f} tc rgb '{GREY}'",
        *(panel_script(i, panel, of) for i, (panel, of) in enumerate(panels)),
        "unset multiplot", ""])


def documents_in(folder):
    found, complaints = [], []
    for bench in SOURCES:
        try:
            found.append(load_bench(folder, bench))
        except Missing as e:
            complaints.append(str(e))
    if complaints:
        raise Missing("\n".join(complaints))
    return found


def draw(folder, output):
    documents = documents_in(folder)
    rows = [row for d in documents for row in d["rows"]]
    panels = [(panel, bars(panel, rows)) for panel in PANELS]
    for panel, of in panels:
        if not of:
            print(f"plot.py: no rows for '{panel.title}'", file=sys.stderr)
    panels = [(panel, of) for panel, of in panels if of]
    if not panels:
        raise Missing("none of these results has a row that is drawn here")
    names = [who for who in CONTENDERS
             if any(who in values for _, of in panels for values in of.values())]
    done = subprocess.run(["gnuplot", "-"], input=script(panels, names, caption(documents)),
                          text=True, stdout=subprocess.PIPE, check=True)
    with open(output, "w", encoding="utf-8") as f:
        f.write(shorter(done.stdout))
    print(f"{output}: {len(panels)} panels")


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    if not shutil.which("gnuplot"):
        print("plot.py: needs gnuplot: sudo scripts/deps bench", file=sys.stderr)
        return 1
    try:
        draw(*sys.argv[1:])
    except (Missing, OSError, subprocess.CalledProcessError) as e:
        print(f"plot.py: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
