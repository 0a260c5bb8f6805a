#!/usr/bin/python3
"""Measures submilter beside its peers and alone, and writes the page of results.

    bench.py --build FOLDER --page FILE --part FILE [--quick 1] [--only comparison,senders,...]

`make bench` runs it. It needs root: syslog goes to a /dev of its own."""

import argparse
import json
import os
import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

QUICK_BLOCKS = ("ordinary", "bytes of no charset")
PARTS = ("comparison", "processors", "senders", "keys", "blocks", "recipients", "connections", "reload", "policy")
ON_DEMAND = ("pool",)  # of no whole run: a libmilter of its own is needed


@dataclass
class Results:
    comparison: object = None
    series: dict = field(default_factory=dict)
    policy: list = field(default_factory=list)


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def series_of(site, quick):
    """name: (title, columns, rows yet to come)."""
    import scaling
    import series
    load = ("per_second", "cpu_us", "p50_us", "p99_us")
    seconds = 1 if quick else 4
    most = 1 if quick else 10
    return {
        "processors": ("What a second processor brings, to the load client too: 32 connections", (*load, "scale"),
                       scaling.processors(site, seconds, 2 if quick else 5)),
        "pool": ("libmilter with its pool of workers, and built without", (*load, "kb_each", "threads"),
                 scaling.pool(site, seconds, 2 if quick else 5)),
        "senders": ("Lines of the senders table (texthash)", (*load, "rss_kb", "start_s"),
                    series.senders(site, seconds, (10, 1000, 100_000 * most))),
        "keys": ("Signing keys, RSA-2048, a domain each", (*load, "rss_kb", "start_s"),
                 series.keys(site, seconds, (1, 100, 1000 * most))),
        "blocks": ("Header blocks, the worst that the caps allow", load, series.blocks(site, seconds)),
        "recipients": ("Recipients of a message", load, series.recipients(site, seconds, (1, 10, 100, 1000))),
        "connections": ("Open connections that say nothing, beside 4 that send", (*load, "kb_each", "threads"),
                        series.connections(site, seconds, (0, 2000) if quick else (0, 100, 2000, 9900))),
        "reload": (f"A reload under load: {1000 * most:,} keys, {100_000 * most:,} lines",
                   ("per_second", "p50_us", "p99_us", "max_us", "alone_s", "reload_s"),
                   series.reload(site, 3 if quick else 6, 1 if quick else 3, 1000 * most, 100_000 * most)),
    }


def measure(parts, quick):
    import instructions
    from bench_site import Site
    from comparison import CELLS, QUICK, Comparison
    results = Results()
    with Site() as site:
        cells = [cell for cell in CELLS if not quick or cell.name in QUICK] if "comparison" in parts else []
        results.comparison = Comparison(site, cells, 2 if quick else 5, 1 if quick else 3, say)
        results.comparison.run()
        for name, (title, columns, rows) in series_of(site, quick).items():
            if name in parts:
                say(title)
                results.series[name] = (title, columns, list(rows))
        if "policy" in parts:
            say("instructions, by callgrind")
            results.policy = list(instructions.policy(site, QUICK_BLOCKS if quick else None))
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--page", type=Path, required=True, help="of a whole run")
    parser.add_argument("--part", type=Path, required=True, help="the page of a quick run, or of some parts")
    parser.add_argument("--figures", type=Path, help="all that was measured, as JSON")
    parser.add_argument("--quick", default="", help="anything: a few minutes, for a first look")
    parser.add_argument("--only", default="", help="some of: " + ", ".join(PARTS + ON_DEMAND))
    options = parser.parse_args()
    quick = bool(options.quick)
    parts = options.only.split(",") if options.only else PARTS
    if unknown := set(parts) - set(PARTS + ON_DEMAND):
        parser.error(f"there is no part {', '.join(unknown)}")
    if "pool" in parts and "LIBMILTER_WITHOUT_POOL" not in os.environ:
        parser.error("for pool, run tests/bench/libmilter_without_pool first, and name its folder in "
                     "LIBMILTER_WITHOUT_POOL")
    if os.getuid() != 0:
        sys.exit("bench.py: root is needed, for a /dev/log of its own")
    os.environ["SUBMILTER_BUILD"] = str(options.build.resolve())
    os.environ.setdefault("SUBMILTER_PATIENCE", "300")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    import machine
    from page import page
    described = machine.describe()
    before = os.getloadavg()[0]
    results = measure(parts, quick)
    lines = list(page(results, described, quick, (before, os.getloadavg()[0])))
    whole = not quick and set(parts) == set(PARTS)
    (options.page if whole else options.part).write_text("\n".join(lines) + "\n", "utf-8")
    if options.figures:
        kept = {"comparison": results.comparison.figures, "series": results.series, "policy": results.policy}
        options.figures.write_text(json.dumps(kept, indent=1), "utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
