"""Instructions a message takes in the policy, by callgrind: what noise does not move."""

import json
import os
import re
import statistics
import subprocess

from bench_site import bench_program
from blocks import BLOCKS
from harness.build import TOP

BODY = "\nShall we?\n"
TIMED = 5


def _run(command, folder):
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False,
                          env={**os.environ, "srcdir": str(TOP)})
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def _instructions(path, count, more, folder):
    done = _run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", bench_program("policy_bench"),
                 path, str(count), *more], folder)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def _timed(path, times, more, site):
    """The median of some runs: a host that takes its processor away for a moment spoils one of them."""
    found = [json.loads(_run([bench_program("policy_bench"), path, str(times), *more], site.folder).stdout)
             for _ in range(TIMED)]
    return {**found[0], "us": statistics.median(each["us"] for each in found)}


def policy(site, names=None, counts=(4, 12)):
    """Rows of (block, figures): instructions and microseconds a message, and the same with its record written."""
    for block in BLOCKS:
        if names and block.name not in names:
            continue
        path = site.folder / "policy.eml"
        path.write_text(block.concrete() + BODY)
        row = {}
        for key, more in (("", ()), ("record_", ("record",))):
            few, many = (_instructions(path, count, more, site.folder) for count in counts)
            row[key + "instructions"] = (many - few) // (counts[1] - counts[0])
            said = _timed(path, 2500 if block.name == "ordinary" else 100, more, site)
            row[key + "us"] = said["us"]
            expected = ("reject",) if block.action == "reject" else ("accept", "fix")
            assert said["action"] in expected, f"{block.name}: {said}"
        yield block.name, row
