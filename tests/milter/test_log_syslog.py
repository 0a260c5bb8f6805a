"""A syslog that is slow, or not read at all: no message, no record and no session waits for it."""

import os
import re
import socket
import threading

import pytest

from daemon import CONFIG
from harness.milter_mta import Client, Message
from harness.milter_wire import ConnectionClosed, ProtocolError
from harness.own_log import own_devices, with_own_log

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="needs a /dev/log of its own, which only root can mount")

LONG = "é" * 200  # in a line of the log each byte takes four
REFUSED = Message(mail_from=f"<{LONG}@example.com>")
NO_TLS = Client(tls=None, login=LONG, helo=LONG)
COMPLAINTS = 40  # by libmilter, each in the thread of a session
LINES = 3000  # of some 2 KB: more than the daemon keeps for a syslog that does not read


class Syslog:
    """A /dev/log, at first read by nobody."""

    def __init__(self, devices):
        self.lines = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(devices / "log"))
        (devices / "log").chmod(0o666)
        self.reader = threading.Thread(target=self._read, daemon=True)

    def _read(self):
        while line := self.socket.recv(65536):
            self.lines.append(line.decode(errors="replace"))

    def read(self):
        self.reader.start()

    def close(self):
        if self.reader.is_alive():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", self.socket.getsockname())
            self.reader.join()
        self.socket.close()


@pytest.fixture
def syslog(tmp_path):
    os.chmod(tmp_path, 0o755)
    log = Syslog(own_devices(tmp_path / "dev"))
    yield log
    log.close()


@pytest.fixture
def gate(start_daemon, tmp_path, syslog):
    """A daemon whose syslog nobody reads yet."""
    return start_daemon(config=CONFIG.replace("syslog = false", "syslog = true"),
                        wrapper=with_own_log(tmp_path / "dev"))


def refuse(gate, count):
    """So many lines."""
    player = gate.player(NO_TLS)
    for _ in range(count):
        assert player.mail(REFUSED).code == 5
    player.session.quit()


def test_nobody_waits_for_it_and_what_is_lost_is_told(gate, syslog):
    refuse(gate, LINES)
    gate.records(LINES)
    for _ in range(COMPLAINTS):
        with pytest.raises((ConnectionClosed, ProtocolError)):
            gate.session(version=0)
    gate.check_signed(gate.play())
    gate.record()

    syslog.read()
    gate.daemon.wait_for_log("log lines were lost: syslog could not keep up", 60)
    assert gate.daemon.stop() == 0
    lost = re.findall(r"(\d+) log lines were lost", gate.daemon.log())
    said = [line for line in syslog.lines if " id=" in line or "protocol version too old" in line]
    assert 0 < int(lost[0]) < LINES and len(lost) == 1
    assert len(said) + int(lost[0]) == LINES + COMPLAINTS + 1


def test_it_ends_while_nobody_reads(gate):
    refuse(gate, LINES)
    gate.records(LINES)
    assert gate.daemon.stop() == 0
