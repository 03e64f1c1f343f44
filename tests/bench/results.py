# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the benchmarks wrote: their JSON files as rows by id. The format is told in result.h."""
import json
import os

BENCHES = ("program", "packets", "tcp", "scale")


class Missing(Exception):
    """A file that is not there, or is none of ours; the text says what to do."""


def load(path, advice):
    """A JSON object from a file."""
    try:
        with open(path, encoding="utf-8") as f:
            found = json.load(f)
    except FileNotFoundError:
        raise Missing(f"no {path}: run {advice}") from None
    except (OSError, ValueError) as e:
        raise Missing(f"{path}: {e}; run {advice}") from None
    if not isinstance(found, dict) or "rows" not in found:
        raise Missing(f"{path} has no rows: run {advice}")
    return found


def load_bench(folder, bench):
    return load(os.path.join(folder, bench + ".json"), f"sudo make bench ONLY={bench}")


def load_all(folder):
    """(bench → document, complaints) of all that there are."""
    found, complaints = {}, []
    for bench in BENCHES:
        try:
            found[bench] = load_bench(folder, bench)
        except Missing as e:
            complaints.append(str(e))
    return found, complaints


def rows_by_id(documents):
    return {row["id"]: row for d in documents.values() for row in d["rows"]}


def larger_is_better(unit):
    return unit == "%" or unit.endswith("/s")
