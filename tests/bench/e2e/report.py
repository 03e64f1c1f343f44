# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the end to end benchmarks say: a table for people, and JSON that the next run is held
against. Samples of one round were taken one after another, so a ratio is made within a round
and the median is that of the rounds' ratios, not the ratio of two medians.
"""
import dataclasses
import json
import statistics


@dataclasses.dataclass
class Row:
    id: str                     # bench/case/parameter=value/contender
    unit: str
    samples: list               # one a round, in the order of the rounds
    ratios: dict = dataclasses.field(default_factory=dict)      # to whom: one a round

    @property
    def contender(self):
        return self.id.rsplit("/", 1)[1]

    @property
    def case(self):
        return self.id.split("/", 1)[1].rsplit("/", 1)[0]


def spread(samples):
    """Median and the 10th and 90th percentile, by linear interpolation."""
    ordered = sorted(samples)

    def at(share):
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    return {"median": statistics.median(ordered), "p10": at(0.1), "p90": at(0.9)}


def with_ratios(rows, bases):
    """Fills in each row's ratios to the contenders named in bases, within its own case."""
    found = {(r.case, r.contender, r.unit): r for r in rows}
    for row in rows:
        for base in bases:
            other = found.get((row.case, base, row.unit))
            if other and other is not row:
                row.ratios[base] = [a / b for a, b in zip(row.samples, other.samples)]
    return rows


def _rounded(value):
    return float(f"{value:.5g}")


def as_json(bench, rows):
    """The document that all benchmarks share."""
    def numbers(samples):
        return {k: _rounded(v) for k, v in spread(samples).items()}

    return {"bench": bench, "rows": [
        {"id": r.id, "unit": r.unit, **numbers(r.samples), "samples": len(r.samples),
         "ratios": {base: numbers(ratio) for base, ratio in r.ratios.items()}} for r in rows]}


def _human(value):
    if value >= 1e6:
        return f"{value / 1e6:.3g} M"
    if value >= 1e4:
        return f"{value / 1e3:.3g} k"
    if value >= 1e3:
        return f"{value:.0f}"
    return f"{value:.3g}"


def table(rows, bases):
    """Lines of text, a paragraph for each case and unit."""
    lines, last = [], None
    wide = max((len(r.contender) for r in rows), default=0)
    for row in rows:
        if (row.case, row.unit) != last:
            last = (row.case, row.unit)
            lines += ["", f"{row.case}, {row.unit}",
                      f"  {'':{wide}}  {'median':>8}  {'p10 - p90':>17}" +
                      "".join(f"  {'x ' + base:>26}" for base in bases)]
        s = spread(row.samples)
        line = (f"  {row.contender:{wide}}  {_human(s['median']):>8}  "
                f"{_human(s['p10']) + ' - ' + _human(s['p90']):>17}")
        for base in bases:
            if base in row.ratios:
                q = spread(row.ratios[base])
                line += f"  {q['median']:10.3g} ({q['p10']:.3g} - {q['p90']:.3g})".ljust(28)
            else:
                line += " " * 28
        lines.append(line.rstrip())
    return "\n".join(lines[1:])


def write(path, bench, rows):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(as_json(bench, rows), f, indent=1)
        f.write("\n")
