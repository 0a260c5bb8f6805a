#!/usr/bin/python3
"""Whether the daemon's memory stays flat while it signs by RSA and Ed25519.

    soak.py --build DIR --messages N [--page FILE]

Messages go through one daemon by tests/bench/milter_load, which checks every reply and every signature; after each
SAMPLES-th of them the memory is read. Fails where a line through the second half of the samples rises by more than
ALLOWED over as many messages. With --page the figures are written there, once the run was whole and flat.
"""

import argparse
import os
import sys
import time
from datetime import date
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests"), str(TOP / "tests/milter")]

SAMPLES = 40
CONNECTIONS = 8
PER_CONNECTION = 25
# kB. What an allocator keeps varies by so much; a leak of one byte a message is seen from a million messages on.
ALLOWED = 512


def rss_kb(pid):
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split("VmRSS:")[1].split()[0])


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
        points.append((number * each, rss_kb(daemon.process.pid)))
        # Nobody reads the records here, and a million of them are gigabytes.
        os.truncate(daemon.records_file, 0)
    return points, slowest


def page(points, rise, took, p99):
    from machine import describe
    half = len(points) // 2
    rows = "\n".join(f"    {messages:>9,} messages   {kb / 1024:5.1f} MB" for messages, kb in points[3::4])
    return f"""A long run
==========

`make soak`: {points[-1][0]:,} messages of 4 KB, each signed by RSA-2048 and Ed25519, with records,
over {CONNECTIONS} connections at a time; the machine did other work beside it. Every reply and signature was checked.

    {date.today().isoformat()}, {took / 60:.0f} minutes
    {describe()[0]}

Resident memory of the daemon:

{rows}

A line through the second half ({points[-1][0] - points[half - 1][0]:,} messages) rises by {rise:,.0f} kB; {ALLOWED} are allowed.
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
    from daemon import Daemon
    daemon = Daemon()
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
    flat = rise <= ALLOWED
    print(f"{'ok' if flat else 'NOT FLAT'}: {points[-1][0]} messages in {time.monotonic() - began:.0f} s; "
          f"{late[0][1]} kB in the middle, {late[-1][1]} kB at the end, a rise of {rise:.0f} kB")
    if not flat:
        print("\n".join(f"{messages} {kb} kB" for messages, kb in points))
    elif asked.page:
        asked.page.write_text(page(points, rise, time.monotonic() - began, max(slowest)), "utf-8")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
