#!/usr/bin/python3
"""Whether the daemon's memory stays flat while it signs by RSA and Ed25519.

    soak.py --build DIR --messages N [--page FILE]

Messages go through one daemon by tests/bench/milter_load, which checks every reply and every signature; after each
part of them the memory is read that is no file's. From LONG messages on the daemon has history and counters, too, and
the history may catch up first: SQLite's and the allocator's memory needs some 15,000 to be all there. Fails where a
line through the second half of the samples rises by more than is allowed over as many messages. With --page the
figures are written there, once the run was whole and flat.
"""

import argparse
import os
import sqlite3
import sys
import time
from datetime import date
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests"), str(TOP / "tests/milter")]

SAMPLES = 40
LONG = 100_000
SETTLED = 2.5  # seconds: the history commits every second what it has
STORES = 'history: {{ file = "{folder}/lib/history.db"; }};\ncounters: {{ file = "{folder}/lib/counters"; }};\n'
CONNECTIONS = 8
PER_CONNECTION = 25
# kB. What an allocator keeps varies by so much, and by more with SQLite and the records that wait for it. From a million
# messages on a leak of 8 bytes a message is seen.
ALLOWED, ALLOWED_LONG = 512, 4096


def anonymous_kb(pid):
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split("RssAnon:")[1].split()[0])


def catch_up(daemon):
    """Until the history takes no more: what waits for it is memory, up to a bound."""
    with sqlite3.connect(f"file:{daemon.history}?mode=ro", uri=True) as history:
        before, count = None, 0
        while before != count:
            before = count
            time.sleep(SETTLED)
            (count,) = history.execute("SELECT count(*) FROM decisions").fetchone()


def slope(points):
    """Of the line through (x, y), by least squares."""
    count = len(points)
    mean_x, mean_y = (sum(point[axis] for point in points) / count for axis in (0, 1))
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def send(daemon, messages):
    """Their p99 in microseconds."""
    from test_load_client import load
    code, said = load(f"unix:{daemon.socket}", "--messages", messages, "--connections", CONNECTIONS, "--per-connection",
                      PER_CONNECTION, "--body", 4096, "--signed", "rsa-sha256,ed25519-sha256")
    if code:
        raise SystemExit(f"the load client: {said}\n{daemon.log()[-2000:]}")
    return said["p99_us"]


def run(daemon, messages):
    """[(messages so far, kB)], p99 of each part."""
    points, slowest = [], []
    each = max(messages // SAMPLES, 1)
    for number in range(1, SAMPLES + 1):
        slowest.append(send(daemon, each))
        if messages >= LONG:
            catch_up(daemon)
        points.append((number * each, anonymous_kb(daemon.process.pid)))
        # Nobody reads the records here, and a million of them are gigabytes.
        os.truncate(daemon.records_file, 0)
    return points, slowest


def page(points, rise, took, p99):
    from machine import describe
    half = len(points) // 2
    rows = "\n".join(f"    {messages:>9,} messages   {kb / 1024:5.1f} MB" for messages, kb in points[3::4])
    return f"""A long run
==========

`make soak`: {points[-1][0]:,} messages of 4 KB, each signed by RSA-2048 and Ed25519, with records, history and counters,
over {CONNECTIONS} connections at a time; the machine did other work beside it. Every reply and signature was checked.

    {date.today().isoformat()}, {took / 60:.0f} minutes
    {describe()[0]}

Memory of the daemon that is no file's:

{rows}

A line through the second half ({points[-1][0] - points[half - 1][0]:,} messages) rises by {rise:,.0f} kB; {ALLOWED_LONG} are allowed.
The slowest of the parts had a p99 of {p99 / 1000:.1f} ms.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    os.environ["SUBMILTER_BUILD"] = str(asked.build.resolve())
    sys.path.append(str(TOP / "tests/bench"))
    from daemon import CONFIG, Daemon
    daemon = Daemon(config=CONFIG + STORES * (asked.messages >= LONG))
    began = time.monotonic()
    try:
        daemon.start()
        points, slowest = run(daemon, asked.messages)
        if daemon.stop() != 0:
            raise SystemExit(daemon.log()[-4000:])
    finally:
        daemon.remove()
    late = points[len(points) // 2:]
    rise = slope(late) * (late[-1][0] - late[0][0])
    flat = rise <= (ALLOWED_LONG if asked.messages >= LONG else ALLOWED)
    print(f"{'ok' if flat else 'NOT FLAT'}: {points[-1][0]} messages in {time.monotonic() - began:.0f} s; "
          f"{late[0][1]} kB in the middle, {late[-1][1]} kB at the end, a rise of {rise:.0f} kB")
    if not flat:
        print("\n".join(f"{messages} {kb} kB" for messages, kb in points))
    elif asked.page:
        asked.page.write_text(page(points, rise, time.monotonic() - began, max(slowest)), "utf-8")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
