"""The daemon started as root by the drop-in root-keys.conf: keys that its user never can read."""

import os
import pwd
import shutil
import signal
import socket
import subprocess

import pytest

from daemon import CONFIG, FREE, USER, Daemon, new_key, sanitized
from gate import Gate
from harness import unit_file
from harness.build import TOP

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="root's keys are root's to read")
# It looks for leaks by ptrace, which nobody may use on a process that was root's.
pytestmark = pytest.mark.skipif(sanitized(), reason="LeakSanitizer may not look")
DROP_IN = TOP / "contrib/systemd/root-keys.conf"


class RootKeys(Daemon):
    """As the unit with its drop-in starts it, by the socket that systemd opened. Its keys are root's alone."""

    def __init__(self):
        super().__init__(config=CONFIG.replace("unix:{folder}/run/submilter.sock", "fd:3"),
                         handed=socket.socket(socket.AF_UNIX))

    def start(self, seconds=20):
        keys = self.folder / "keys"
        for path in (keys, *keys.rglob("*")):
            os.chown(path, 0, pwd.getpwnam(USER).pw_gid if path.is_dir() else 0)
            path.chmod(0o750 if path.is_dir() else 0o600)
        self.wrapper = unit_file.restrictions(USER, self.folder / "log", self.folder / "run", self.folder / "lib",
                                              self.folder, drop_ins=[DROP_IN])
        return super().start(seconds)


@pytest.fixture
def gate():
    daemon = RootKeys()
    try:
        yield Gate(daemon.start())
        assert daemon.stop() == 0, daemon.log()[-4000:]
    finally:
        daemon.remove()


def status_of(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(line.split()[1:] for line in status if line.startswith(name + ":"))


@AS_ROOT
@FREE
def test_it_signs_with_keys_that_its_user_cannot_read(gate):
    key = gate.daemon.folder / "keys/example.com/rsa.pem"
    gate.check_signed(gate.play())
    gate.record()
    pid = gate.daemon.process.pid
    assert "0" not in status_of(pid, "Uid") + status_of(pid, "Gid")
    assert status_of(pid, "CapEff") == status_of(pid, "CapPrm") == ["0" * 16] and status_of(pid, "NoNewPrivs") == ["1"]
    read = subprocess.run(["setpriv", f"--reuid={USER}", "--clear-groups", "cat", key], capture_output=True, check=False)
    assert read.returncode and b"Permission denied" in read.stderr


@AS_ROOT
@FREE
def test_new_keys_come_with_a_restart(gate):
    """A reload keeps the keys that it has, and one that it may not read changes nothing; it says what to do."""
    daemon = gate.daemon
    gate.check_signed(gate.play())
    before = gate.record()["config"]
    daemon.configure("# changed\n")
    daemon.reload()
    gate.wait_for_config(before)
    gate.check_signed(gate.play())
    config = gate.record()["config"]

    more = daemon.folder / "keys/example.com/more.pem"
    more.write_bytes(new_key("ed25519", 1))
    more.chmod(0o600)
    daemon.configure("# changed again\n")
    daemon.reload()
    daemon.wait_for_log("(or restart, if keys are to be readable by root only)")
    gate.check_signed(gate.play())
    assert gate.record()["config"] == config

    daemon.process.send_signal(signal.SIGUSR2)
    daemon.wait_for_log("cannot be read")
    gate.check_signed(gate.play())
    gate.record()

    assert daemon.stop() == 0
    daemon.start()
    gate.play()
    assert len(gate.record()["signatures"]) == 3


@AS_ROOT
def test_the_unit_with_it(tmp_path):
    """systemd takes both, and gives root's first moments no more than what they need."""
    folder = tmp_path / "etc/systemd/system"
    (folder / "submilter.service.d").mkdir(parents=True)
    shutil.copy(unit_file.service(), folder)
    shutil.copy(DROP_IN, folder / "submilter.service.d")
    assert unit_file.values(DROP_IN, "Service", "User") == ["root"]
    capabilities, = unit_file.values(DROP_IN, "Service", "CapabilityBoundingSet")
    assert set(capabilities.split()) == {"CAP_SETUID", "CAP_SETGID", "CAP_KILL"}
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--root={tmp_path}", "submilter.service"],
                          capture_output=True, text=True, check=False)
    figure = float(done.stdout.split("Overall exposure level for submilter.service: ")[1].split()[0])
    assert figure <= 2.5, done.stdout
