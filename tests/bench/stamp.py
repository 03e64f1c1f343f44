#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Says in a benchmark's JSON on which machine it was made: figures mean little without that.

    stamp.py FILE    CLANG, from the environment, is the compiler that made the programs
"""
import datetime
import json
import os
import platform
import subprocess
import sys


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return names[0] if names else platform.machine()


def clang_version():
    done = subprocess.run([os.environ.get("CLANG", "clang"), "--version"], capture_output=True,
                          text=True, check=False)
    return (done.stdout.splitlines() or ["unknown"])[0]


def machine():
    return {"cpu": cpu_name(), "cpus": os.cpu_count(), "kernel": platform.release(),
            "clang": clang_version(),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as f:
        found = json.load(f)
    rows = found.pop("rows")
    found["machine"] = machine()
    found["rows"] = rows    # the long part last
    with open(sys.argv[1], "w", encoding="utf-8") as f:
        json.dump(found, f, indent=1)
        f.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
