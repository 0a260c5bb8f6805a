"""Reading systemd unit files, as far as ours go."""

import os
from pathlib import Path

from .build import BUILD, TOP


def service():
    """The service unit as this build installs it."""
    return BUILD / "contrib/systemd/submilter.service"


def socket_unit():
    return TOP / "contrib/systemd/submilter.socket"


def read(path: Path, section):
    """[(name, value)] in order; "Name=" alone is there too."""
    found = []
    here = None
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            here = line.strip("[]")
        elif line and not line.startswith(("#", ";")) and here == section:
            name, separator, value = line.partition("=")
            assert separator and not value.endswith("\\"), f"{path}: {line}"
            found.append((name, value))
    return found


def merged(paths, section):
    """The settings of a unit and its drop-ins, as systemd puts them together: "Name=" takes back what stood before."""
    settings = []
    for name, value in (setting for path in paths for setting in read(path, section)):
        if not value:
            settings = [setting for setting in settings if setting[0] != name]
        if value or name.endswith(("Capabilities", "BoundingSet")):
            settings.append((name, value))
    return settings


def values(path: Path, section, name):
    return [value for one, value in read(path, section) if one == name]


def confinement(user, log, socket_folder, history, folder):
    """With SUBMILTER_CONFINED: what to put before a command, so that it runs under the unit's restrictions."""
    return restrictions(user, log, socket_folder, history, folder) if confined() else []


def restrictions(user, log, socket_folder, history, folder, drop_ins=()):
    """What to put before a command for that. folder: of the test, which lies below one that the unit hides."""
    units = (word for path in (service(), *drop_ins) for word in ("--unit", str(path)))
    return ["/usr/bin/python3", str(TOP / "tests/harness/confined.py"), *units, "--user", user,
            "--path", f"/var/log/submilter={log}", "--path", f"/var/spool/postfix/submilter={socket_folder}",
            "--path", f"/var/lib/submilter={history}",
            "--keep", str(folder), "--keep", str(BUILD), "--"]


def confined():
    return "SUBMILTER_CONFINED" in os.environ
