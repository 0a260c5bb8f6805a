"""What the figures were measured on, and by which versions of what."""

import os
import platform
import re
import subprocess
from pathlib import Path

PACKAGES = ("opendkim", "rspamd", "libmilter1.0.1", "libopendkim11", "libssl3")


def _first(pattern, path):
    found = re.search(pattern, Path(path).read_text(errors="replace"), re.MULTILINE)
    return found[1].strip() if found else "unknown"


def _speed(algorithm):
    """What openssl speed says of itself in its last line: signatures a second."""
    said = subprocess.run(["openssl", "speed", "-seconds", "1", algorithm], capture_output=True, text=True,
                          check=True).stdout
    return said.splitlines()[-1].split()


def describe():
    versions = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES], capture_output=True,
                              text=True, check=False).stdout
    rsa, ed25519 = (float(_speed(algorithm)[-2]) for algorithm in ("rsa2048", "ed25519"))
    return [
        f"{_first('^model name.*: (.*)', '/proc/cpuinfo')}, {os.cpu_count()} processors, "
        f"{int(_first('^MemTotal: *([0-9]+)', '/proc/meminfo')) >> 20} GB, Linux {platform.release()}",
        _first('^PRETTY_NAME="?([^"\n]*)', "/etc/os-release") + ": " + ", ".join(versions.split("\n")[:-1]),
        f"one core signs {rsa:,.0f} times a second by RSA-2048, {ed25519:,.0f} by Ed25519",
    ]
