"""The load client run once against a milter, with what the milter's processes used meanwhile."""

import json
import os
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench_site import bench_program

TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 600


class LoadFailed(AssertionError):
    pass


@dataclass
class Load:
    """What the client is asked for; names as its options have them."""

    connections: int = 4
    per_connection: int = 1
    body: int = 4096
    messages: int = 1 << 30
    seconds: int = 0
    recipients: int = 1
    hold: int = 0
    hold_at: str = "helo"
    block: str = ""
    expect: str = "accept"
    sample: str = ""

    def options(self):
        values = {name.replace("_", "-"): value for name, value in vars(self).items()}
        return [word for name, value in values.items() if value for word in (f"--{name}", str(value))]


def median_row(results, figures):
    """Of several runs' results the median of each figure."""
    return {figure: statistics.median(result[figure] for result in results) for figure in figures}


def _read(path):
    """Nothing, where the thread or process has just ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def children(pid):
    """All descendants' process ids, and its own."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += [int(child) for child in _read(task).split()]
    return found


def cpu_us(pid):
    """User and system time of a process, its descendants, and those of them that have ended."""
    ticks = 0
    for each in children(pid):
        fields = _read(Path(f"/proc/{each}/stat")).rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks * 1_000_000 // TICK


def rss_kb(pid):
    """Memory in use, pages that several share counted once (Pss), of a process and its descendants."""
    total = 0
    for each in children(pid):
        for line in _read(Path(f"/proc/{each}/smaps_rollup")).splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


def _parse(milter, done, said):
    lines = said.splitlines()
    if done != 0 or not lines:
        raise LoadFailed(f"{milter.name}: the load client ended with {done}\n{said}\n{milter.server.printed()[-2000:]}")
    return json.loads(lines[-1])


def command_for(milter, load, more=()):
    expected = milter.expected() if load.expect == "accept" else []
    return [bench_program("milter_load"), *load.options(), *expected, *more, milter.socket]


def run_load(milter, load, during=None):
    """The client's figures, with cpu_us a message and rss_kb of the milter. during: called while sessions are held,
    before messages are sent; what it gives back is "held"."""
    before = cpu_us(milter.pid)
    with subprocess.Popen(command_for(milter, load), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as client:
        try:
            held = None
            if load.hold:
                line = client.stdout.readline()
                if not line.startswith("held"):
                    raise LoadFailed(f"{milter.name}: {line}{client.stdout.read()}")
                held = during() if during else None
            said, _ = client.communicate("\n", PATIENCE)
        except BaseException:
            client.kill()
            raise
    result = _parse(milter, client.returncode, said)
    result["cpu_us"] = (cpu_us(milter.pid) - before) / max(1, result["messages"])
    result["rss_kb"] = rss_kb(milter.pid)
    result["held"] = held
    return result
