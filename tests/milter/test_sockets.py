"""Every kind of socket, and what may already stand where ours is to be."""

import os
import socket
import stat
import subprocess
import time

import pytest

from daemon import CONFIG, FREE, PROGRAM, Daemon
from harness.build import program
from harness.milter_mta import Message
from harness.milter_wire import P_NO, P_NR
from harness.process import free_ports

UNIX = 'socket = "unix:{folder}/run/submilter.sock";'


@pytest.fixture
def at(start_daemon):
    """Starts a daemon at a socket: at(setting, address)."""

    def start(setting, address):
        return start_daemon(config=CONFIG.replace(UNIX, f'socket = "{setting}";'), socket=address)

    return start


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.parametrize("family, host", [
    ("inet", "127.0.0.1"),
    pytest.param("inet6", "::1", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here"))])
def test_over_the_network(at, family, host):
    """And without the stall of 40 ms a message that Nagle's algorithm makes of libmilter's answers."""
    port = free_ports(1)[0]
    gate = at(f"{family}:{port}@{host}", (host, port))
    player = gate.player()
    took = []
    for _ in range(20):
        began = time.monotonic()
        outcome = player.message()
        took.append(time.monotonic() - began)
        gate.check_signed(outcome)
    assert min(took) < 0.035, took
    gate.records(20)


def test_data_is_answered_over_the_network(at):
    """Postfix empties its buffer there: without an answer our kernel holds the acknowledgement back for 40 ms, and
    what comes next waits for it (`make bench` measures that)."""
    port = free_ports(1)[0]
    gate = at(f"inet:{port}@127.0.0.1", ("127.0.0.1", port))
    assert not gate.session().options.protocol & (P_NO["T"] | P_NR["T"])
    subprocess.run([program("tests/bench/milter_load"), "--messages", "20", "--signed", "rsa-sha256,ed25519-sha256",
                    f"inet:{port}@127.0.0.1"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
    gate.records(20)


def test_a_port_that_is_taken(start_daemon):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(RuntimeError, match=str(port)):
            start_daemon(config=CONFIG.replace(UNIX, f'socket = "inet:{port}@127.0.0.1";'))


def test_a_socket_that_is_handed_over(start_daemon):
    """As by systemd: the listening socket is there before the daemon, and it stays."""
    with socket.socket(socket.AF_UNIX) as listening:
        gate = start_daemon(config=CONFIG.replace(UNIX, 'socket = "fd:3";'), handed=listening)
        for _ in range(3):
            gate.check_signed(gate.play())
        gate.records(3)
        assert gate.daemon.stop() == 0
        assert os.path.exists(gate.daemon.socket), "it is not ours to remove"


@FREE
@pytest.mark.parametrize("mode", ["0660", "0600", "0666"])
def test_mode_and_group(start_daemon, mode):
    group = "nogroup" if os.getuid() == 0 else None
    more = f'socket_group = "{group}";\n' if group else ""
    gate = start_daemon(more, config=CONFIG.replace('"0660"', f'"{mode}"'))
    status = os.stat(gate.daemon.socket)
    assert stat.S_IMODE(status.st_mode) == int(mode, 8)


@pytest.mark.parametrize("kind", ["file", "folder", "link to a file"])
def test_what_is_no_socket_is_left_alone(kind):
    daemon = Daemon()
    try:
        if kind == "folder":
            daemon.socket.mkdir()
        elif kind == "file":
            daemon.socket.write_text("precious")
        else:
            (daemon.folder / "precious").write_text("precious")
            daemon.socket.symlink_to(daemon.folder / "precious")
        done = subprocess.run([str(PROGRAM), "-f", "-c", str(daemon.config)], timeout=60, check=False,
                              capture_output=True, text=True)
        assert done.returncode not in (0, 99) and str(daemon.socket) in done.stderr, done
        assert daemon.socket.is_dir() or daemon.socket.read_text() == "precious"
    finally:
        daemon.remove()


def test_a_second_instance_does_not_disturb(start_daemon):
    """It refuses to start, and the first one goes on, in the middle of a message."""
    gate = start_daemon()
    player = gate.player()
    message = Message()
    player.begin(message)
    done = subprocess.run([str(PROGRAM), "-f", "-c", str(gate.daemon.config)], timeout=60, check=False,
                          capture_output=True, text=True)
    assert done.returncode not in (0, 99) and "listening" in done.stderr, done
    player.body(message.body)
    reply = player.eom()
    assert reply.code == 2 and len(reply.edits) == 2
    gate.check_signed(gate.play())
    gate.records(2)
