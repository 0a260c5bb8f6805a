"""Starts the daemon on a site of its own, and reads what it recorded."""

import functools
import os
import pathlib
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from harness.build import BUILD
from harness.keys import public_records
from harness.milter_wire import open_socket
from harness.process import run
from harness.submilter import parse_record
from harness.unit_file import confined, confinement

PROGRAM = BUILD / "milter" / "submilter"
# Whom the daemon runs as: it drops root's rights where it is started with them.
USER = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
# Of tests in which the daemon does what the unit keeps it from.
FREE = pytest.mark.skipif(confined(), reason="the unit starts it without root's rights, and lets it write to its "
                                             "folders only")
# What all daemons are run by that no test runs by something else (make memcheck), and the time that they take to start.
UNDER = tuple(shlex.split(os.environ.get("SUBMILTER_UNDER", "")))
START_SECONDS = 120 if UNDER else 20
REPORTS = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|ThreadSanitizer|Assertion")

CONFIG = """\
domains = [ "example.com", "example.org" ];
socket = "unix:{folder}/run/submilter.sock";
socket_mode = "0660";
user = "{user}";
listeners: (
  {{ name = "submission"; ports = [ 465, 587 ]; policy = "submission"; }},
  {{ name = "login"; login = true; policy = "submission"; }},
  {{ name = "local"; clients = [ "127.0.0.0/8", "::1/128" ]; policy = "local"; }},
  {{ name = "inbound"; policy = "inbound"; }}
);
authserv_ids = [ "mx.example.com" ];
dkim: {{ keys = "{folder}/keys"; }};
log: {{ syslog = false; json = "{folder}/log/decisions.jsonl"; }};
"""
HISTORY = 'history: {{ file = "{folder}/lib/history.db"; }};\n'


def sanitized(*kinds):
    """Whether the program was built with one of these sanitizers: "asan", "tsan"; without any: with AddressSanitizer."""
    return PROGRAM.exists() and any(f"__{kind}_init".encode() in PROGRAM.read_bytes() for kind in kinds or ("asan",))


@functools.cache
def new_key(name, number):
    """A private key's text, by openssl: nothing of ours is asked. Made once a run."""
    options = ("-pkeyopt", "rsa_keygen_bits:2048") if name == "rsa" else ()
    return run("openssl", "genpkey", "-quiet", "-algorithm", name, *options).stdout


def make_keys(folder, number):
    """rsa.pem and ed25519.pem."""
    folder.mkdir()
    for name in ("ed25519", "rsa"):
        path = folder / f"{name}.pem"
        path.write_bytes(new_key(name, number))
        path.chmod(0o600)


class Daemon:
    """One running daemon. more: further lines of configuration. socket: where it will listen, when
    config says so. handed: a socket to bind and to hand over as descriptor 3. wrapper: a command to
    run it by. environment: more of it. arguments: what it is started with."""

    def __init__(self, more="", config=CONFIG, socket=None, handed=None, wrapper=(), environment=None,
                 arguments=("-f", "-c", "{config}")):
        self.wrapper = wrapper or UNDER
        self.program = PROGRAM
        self.arguments = arguments
        self.environment = environment or {}
        # Not below pytest's folders: a unix socket's path has 107 bytes at most.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="submilter-wire."))
        self.folder.chmod(0o755)
        for name in ("run", "log", "lib", "keys"):
            (self.folder / name).mkdir()
        for number, domain in enumerate(("example.com", "example.org")):
            make_keys(self.folder / "keys" / domain, number)
        self.dns = public_records(self.folder / "keys")
        self.socket = socket or self.folder / "run" / "submilter.sock"
        self.handed = handed
        if handed:
            handed.bind(str(self.socket))
            handed.listen(100)
        self.records_file = self.folder / "log" / "decisions.jsonl"
        self.history = self.folder / "lib" / "history.db"
        self.errors = self.folder / "stderr"
        self.config = self.folder / "submilter.conf"
        self.template = config
        self.configure(more)
        if os.getuid() == 0:
            for path in [self.folder, *self.folder.rglob("*")]:
                shutil.chown(path, USER)
            # As in Postfix's queue folder: what the daemon makes there is for Postfix's group.
            shutil.chown(self.folder / "run", group="postfix")
            (self.folder / "run").chmod(0o2755)
        self.process = None
        self._read = 0  # bytes of the records file
        self._records = []

    def configure(self, more=""):
        self.config.write_text(self.template.format(folder=self.folder, user=USER) + more)

    def start(self, seconds=START_SECONDS):
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
                       "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", **self.environment}
        confined = confinement(USER, self.folder / "log", self.folder / "run", self.folder / "lib", self.folder)
        arguments = [word.format(config=self.config) for word in self.arguments]
        command = [*self.wrapper, *confined, str(self.program), *arguments]
        descriptors = []
        if self.handed:
            descriptors = [self.handed.fileno()]
            command = ["bash", "-c", f"exec 3<&{descriptors[0]}; exec \"$@\"", "bash", *command]
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=environment,
                pass_fds=descriptors)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"it ended with {self.process.returncode}:\n{self.log()}")
            try:
                open_socket(self.socket, 5).close()
                return self
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"no socket after {seconds} s:\n{self.log()}")

    def log(self):
        return self.errors.read_text(errors="replace")

    def wait_for_log(self, text, seconds=10):
        deadline = time.monotonic() + seconds
        while text not in self.log():
            assert time.monotonic() < deadline, f"it does not say {text!r}:\n{self.log()[-2000:]}"
            time.sleep(0.02)

    def records(self):
        """All records so far, in order. A line that is not yet whole is left for the next time."""
        if self.records_file.exists():
            with open(self.records_file, "rb") as file:
                file.seek(self._read)
                data = file.read()
            whole = data.rfind(b"\n") + 1
            self._read += whole
            self._records += [parse_record(line) for line in data[:whole].split(b"\n")[:-1]]
        return self._records

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def reload(self):
        self.process.send_signal(signal.SIGUSR1)

    def terminate(self):
        if self.alive():
            self.process.terminate()

    def stop(self, seconds=30):
        """SIGTERM. Returns the exit status; fails on a sanitizer's report and on half a record."""
        self.terminate()
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        report = REPORTS.search(self.log())
        assert not report, self.log()[max(0, report.start() - 200):][:6000]
        self.records()
        assert not self.records_file.exists() or self._read == self.records_file.stat().st_size
        return status

    def kill(self):
        if self.alive():
            self.process.kill()
            self.process.wait()

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
