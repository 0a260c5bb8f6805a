"""Sockets that a service manager hands over: the right one is listened at, wrong ones are told."""

import os
import pathlib
import socket
import subprocess

import pytest

from daemon import CONFIG, PROGRAM, Daemon
from gate import Gate
from generations import Generations
from harness.milter_mta import Message, Player, play
from harness.milter_wire import Session
from harness.process import free_ports
from harness.service_manager import activated
from harness.waiting import PATIENCE

UNIX = 'socket = "unix:{folder}/run/submilter.sock";'


class Unit:
    """A daemon whose sockets are there before it, as those of a socket unit."""

    def __init__(self, **options):
        self.daemon = Daemon(**options)
        self.sockets = []

    def listen(self, address=None, kind=socket.SOCK_STREAM, listens=True):
        address = address or str(self.daemon.socket)
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        one = socket.socket(family, kind)
        one.bind(address)
        if listens:
            one.listen(100)
        self.sockets.append(one)
        return one

    def launch(self, names=None, wrapper=(), **environment):
        command = [*wrapper, PROGRAM, "-f", "-c", self.daemon.config]
        with open(self.daemon.errors, "ab") as errors:
            self.daemon.process = activated(command, self.sockets, names, stdin=subprocess.DEVNULL,
                                            stdout=errors, stderr=errors, env={**os.environ, **environment})
        return self.daemon

    def remove(self):
        self.daemon.remove()
        for one in self.sockets:
            one.close()


@pytest.fixture
def unit():
    made = []

    def make(**options):
        made.append(Unit(**options))
        return made[-1]

    yield make
    for one in made:
        one.remove()


def test_a_socket_of_the_service_manager(unit):
    """Who connects before the daemon is there waits; the path stays when it ends; no word of warning."""
    one = unit()
    one.listen()
    early = Session(one.daemon.socket, timeout=PATIENCE, negotiate=False)
    daemon = one.launch("submilter.socket")
    gate = Gate(daemon)
    early.negotiate()
    gate.check_signed(play(early))
    gate.check_signed(gate.play())
    gate.records(2)
    assert "was handed over" not in daemon.log()
    early.close()
    assert daemon.stop() == 0
    assert daemon.socket.exists(), "it is not ours to remove"


def test_a_restart_refuses_nobody(unit):
    """Who connects while the daemon ends is served by the next one, and not put off."""
    one = unit()
    one.listen()
    gate = Gate(one.launch())
    player = gate.player()
    message = Message()
    player.begin(message)
    gate.daemon.terminate()
    gate.daemon.wait_for_log("stopping:")
    late = Session(one.daemon.socket, timeout=PATIENCE, negotiate=False)
    player.body(message.body)
    assert player.eom().code == 2
    player.session.close()
    assert gate.daemon.stop() == 0
    one.launch()
    late.negotiate()
    late = Player(late)
    assert late.open() is None
    gate.check_signed(late.message())
    late.session.close()
    gate.records(2)
    assert one.daemon.stop() == 0


def test_over_the_network(unit):
    port = free_ports(1)[0]
    one = unit(config=CONFIG.replace(UNIX, f'socket = "inet:{port}@127.0.0.1";'), socket=("127.0.0.1", port))
    one.listen(("127.0.0.1", port))
    gate = Gate(one.launch())
    gate.check_signed(gate.play())
    gate.record()
    assert "was handed over" not in one.daemon.log()
    assert one.daemon.stop() == 0


@pytest.mark.parametrize("configured", ["unix:{folder}/run/other.sock", "inet:1@127.0.0.1", "inet6:1@::1"])
def test_another_address_is_told(unit, configured):
    """The service manager's wins; but submilterctl and people read the configuration."""
    one = unit(config=CONFIG.replace(UNIX, f'socket = "{configured}";'))
    one.listen()
    daemon = one.launch()
    gate = Gate(daemon)
    gate.check_signed(gate.play())
    gate.record()
    daemon.wait_for_log(f"unix:{daemon.socket} is what was handed over")
    assert configured.format(folder=daemon.folder) in daemon.log()
    assert daemon.stop() == 0


def test_by_its_number(unit):
    one = unit(config=CONFIG.replace(UNIX, 'socket = "fd:3";'))
    one.listen()
    gate = Gate(one.launch())
    gate.check_signed(gate.play())
    gate.record()
    assert "was handed over" not in one.daemon.log()
    assert one.daemon.stop() == 0


@pytest.mark.parametrize("what, says", [
    ("two", "handed over 2 sockets (a:b)"),
    ("datagrams", "is not a listening socket"),
    ("not listening", "is not a listening socket"),
    ("sequenced packets", "is no stream socket"),
])
def test_what_can_not_be_listened_at(unit, what, says):
    one = unit()
    folder = one.daemon.folder / "run"
    if what == "two":
        one.listen()
        one.listen(str(folder / "other"))
    elif what == "datagrams":
        one.listen(kind=socket.SOCK_DGRAM, listens=False)
    elif what == "sequenced packets":
        one.listen(kind=socket.SOCK_SEQPACKET)
    else:
        one.listen(listens=False)
    daemon = one.launch("a:b")
    assert daemon.process.wait(PATIENCE) == 71
    assert says in daemon.log(), daemon.log()
    assert daemon.socket.exists()


@pytest.mark.parametrize("pid, count", [("1", "1"), ("$$", "0"), ("$$", "nonsense"), ("", "1"), ("$$x", "1")])
def test_what_is_meant_for_another(start_daemon, pid, count):
    """It opens its own socket, as if nothing was said."""
    gate = start_daemon(wrapper=("bash", "-c", f"LISTEN_PID={pid} LISTEN_FDS={count} exec \"$@\"", "bash"))
    gate.check_signed(gate.play())
    gate.record()


def test_it_can_be_handed_on():
    """It stays the service manager's, and its variables, and those for others, do not reach the successor."""
    with socket.socket(socket.AF_UNIX) as listening:
        daemon = Generations(handed=listening, wrapper=(
            "bash", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=a WATCHDOG_PID=1 WATCHDOG_USEC=100000 exec \"$@\"", "bash"))
        try:
            gate = Gate(daemon.start())
            daemon.hand_over()
            environment = pathlib.Path(f"/proc/{daemon.process.pid}/environ").read_bytes()
            assert b"NOTIFY_SOCKET=" in environment and b"LISTEN_" not in environment and b"WATCHDOG_" not in environment
            assert daemon.earlier[0].wait() == 0
            gate.check_signed(gate.play())
            gate.record()
            assert daemon.stop() == 0
            assert daemon.socket.exists()
        finally:
            daemon.remove()
