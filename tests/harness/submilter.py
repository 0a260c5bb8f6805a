"""The daemon under test: its configuration written, started, reloaded, ended, its records read."""

import json
import os
import pwd
import re
import signal
from pathlib import Path

from . import libconfig
from .build import program
from .process import Server, adopt_orphans, run
from .unit_file import confinement
from .waiting import PATIENCE, accepts, wait_until

USER = "nobody"  # who it runs as: an unprivileged user that every system has
RELOADED = "reloaded:"
NOT_RELOADED = "reload refused"
SANITIZERS = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")


class Submilter:
    """folder: its own, made here. address: a unix socket's path, or a port of 127.0.0.1.
    keys: a folder of signing keys, its own when None."""

    def __init__(self, folder: Path, address, settings: dict, keys=None):
        self.folder = folder
        self.address = address
        self.settings = settings
        self.server = None
        folder.mkdir(mode=0o755)
        self.config = folder / "submilter.conf"
        self.senders = folder / "senders"
        self.keys = keys or folder / "keys"
        self.logs = folder / "log"
        self.library = folder / "lib"
        user = pwd.getpwnam(USER)
        for path in (self.logs, self.library):  # the only folders that the daemon may write to
            path.mkdir()
            os.chown(path, user.pw_uid, user.pw_gid)
        self.history = self.library / "history.db"
        self.records = Records(self.logs / "decisions.jsonl")
        self.environment = {}  # more of it, for the daemon

    def write_config(self, **more):
        """The configuration: what the harness needs, the settings, and more over them."""
        socket = f"inet:{self.address}@127.0.0.1" if isinstance(self.address, int) else f"unix:{self.address}"
        own = {
            "socket": socket,
            "socket_mode": "0660",
            "socket_group": "postfix",
            "user": USER,
            "senders": {"tables": [f"texthash:{self.senders}"], "extensions": True},
            "dkim": {"keys": self.keys},
            "log": {"syslog": False, "json": self.records.path},
            "history": {"file": self.history},
        }
        settings = libconfig.merged(libconfig.merged(own, self.settings), more)
        self.config.write_text(libconfig.settings(settings), "utf-8")

    def command(self, *arguments):
        return [program("milter/submilter"), *arguments]

    def new_key(self, domain, *arguments):
        """Made by submilterctl, as an admin would. What it printed."""
        return self.ctl("key", "new", domain, *arguments).stdout.decode()

    def ctl(self, *arguments, check=True):
        """submilterctl with this daemon's configuration."""
        return run(program("ctl/submilterctl"), "-c", self.config, *arguments, check=check)

    def start(self):
        reports = self.logs / "sanitizer"
        given = {**os.environ, **self.environment}
        env = {**self.environment,
               **{name: f"{given.get(name, '')}:log_path={reports}:exitcode=99" for name in SANITIZERS}}
        place = self.logs if isinstance(self.address, int) else self.address.parent
        confined = confinement(USER, self.logs, place, self.library, self.folder.parent)
        self.server = Server("submilter", [*confined, *self.command("-f", "-c", self.config)], self.folder / "stderr", env)
        address = ("127.0.0.1", self.address) if isinstance(self.address, int) else str(self.address)
        self.server.wait_ready(lambda: accepts(address), f"listens at {address}")

    def reload(self, expected=RELOADED):
        """SIGUSR1; waits until the log says how it went. The lines that it logged."""
        before = len(self.server.printed())
        self.server.send(signal.SIGUSR1)
        self.server.wait_ready(lambda: expected in self.server.printed()[before:], f"says {expected!r}")
        return self.server.printed()[before:]

    def hand_over(self):
        """SIGUSR2; waits until the successor serves. The server before: it ends when its sessions have."""
        before = self.server
        printed = len(before.printed())
        adopt_orphans(True)
        try:
            before.send(signal.SIGUSR2)
            wait_until(lambda: "handed over to process" in before.printed()[printed:], "a hand-over",
                       explain=before.printed)
        finally:
            adopt_orphans(False)
        pid = int(re.search(r"handed over to process (\d+)", before.printed()[printed:])[1])
        self.server = Server.successor(before, pid)
        return before

    def kill(self):
        self.server.stop(signal.SIGKILL)
        self.server = None

    def stop(self):
        """It must end by itself, with exit code 0 and without a sanitizer's report."""
        if not self.server:
            return
        server, self.server = self.server, None
        code = server.stop()
        reports = [path.read_text(errors="replace") for path in self.logs.glob("sanitizer.*")]
        said = "\n".join([f"submilter: exit code {code}", server.printed(), *reports])
        assert code == 0 and not reports, said


class Records:
    """The JSON lines that the daemon wrote. A line that is not strict JSON is a failure at once."""

    def __init__(self, path: Path):
        self.path = path

    def lines(self):
        """Complete lines, as bytes."""
        return self.path.read_bytes().split(b"\n")[:-1] if self.path.exists() else []

    def all(self):
        return [parse_record(line) for line in self.lines()]

    def wait(self, patience=PATIENCE, **wanted):
        """The one record that has all these values."""

        def fits(record):
            return all(record.get(key) == value for key, value in wanted.items())

        def found():
            return [record for record in self.all() if fits(record)]

        records = wait_until(found, f"a record with {wanted}", patience, self._tail)
        assert len(records) == 1, f"{len(records)} records have {wanted}: {records}"
        return records[0]

    def wait_message(self, queue_id):
        """The record of a whole message."""
        return self.wait(queue_id=queue_id, command=None)

    def wait_refusal(self, reply):
        """The record of a refusal, by the id at the end of its reply."""
        return self.wait(id=reply.text.split()[-1].rstrip("]"))

    def wait_count(self, count, patience=PATIENCE):
        """All of them, once there are so many."""
        wait_until(lambda: len(self.lines()) >= count, f"{count} records", patience, self._tail)
        return self.all()

    def _tail(self):
        return b"\n".join(self.lines()[-3:]).decode(errors="backslashreplace")


def _refuse_constant(name):
    raise ValueError(f"{name} is no JSON")


def _unique(pairs):
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"a key stands twice: {names}"
    return dict(pairs)


def parse_record(line: bytes):
    return json.loads(line.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_unique)
