"""milter_load, the client of tests/bench, as it is run against a daemon that suffers."""

import json
import os
import subprocess

from harness.build import program
from harness.waiting import PATIENCE

SIGNED = ("--signed", "rsa-sha256,ed25519-sha256")


def at_most(milliseconds):
    """In microseconds. The short form runs beside other tests, and is only to tell what waits from what does not."""
    return milliseconds * 1000 * (1 if os.environ.get("SUBMILTER_FAULTS") else 5)


class Load:
    """Runs beside the test. Ends with an error where a message is not accepted, or not signed twice."""

    def __init__(self, daemon, messages, *options, connections=4, per_connection=25):
        words = [program("tests/bench/milter_load"), "--messages", messages, "--connections", connections,
                 "--per-connection", per_connection, *SIGNED, *options, f"unix:{daemon.socket}"]
        self.process = subprocess.Popen(list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def result(self):
        """Its figures: per_second, and p50_us, p99_us, max_us of a whole message."""
        said, complaint = self.process.communicate("\n", timeout=4 * PATIENCE)
        assert self.process.returncode == 0, complaint
        return json.loads(said.splitlines()[-1])


def in_milliseconds(result):
    return f"p99 {result['p99_us'] / 1000:.1f} ms, longest {result['max_us'] / 1000:.1f} ms"
