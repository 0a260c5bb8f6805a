"""submilter -t, whose predecessor is this test: what goes wrong must leave that one as it was."""

import contextlib
import os
import pwd
import signal
import socket
import subprocess

import pytest

from daemon import CONFIG, PROGRAM, Daemon
from harness.milter_wire import Session
from harness.waiting import PATIENCE, wait_until

# The daemon's user is this test's: it takes over from nobody else.
OURS = CONFIG.replace("{user}", pwd.getpwuid(os.getuid()).pw_name) + 'pid_file = "{folder}/run/pid";\n'


class Predecessor:
    """Listens where the daemon is to listen, and waits to be asked."""

    def __init__(self):
        self.daemon = Daemon(config=OURS)
        for path in [self.daemon.folder, *self.daemon.folder.rglob("*")]:
            os.chown(path, os.getuid(), -1)
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(self.daemon.socket))
        self.listening.listen(10)
        self.pid_file = self.daemon.folder / "run" / "pid"
        self.pid_file.write_text(f"{os.getpid()}\n")
        self.asked = False
        self.channel = None
        self.before = signal.signal(signal.SIGUSR2, self._on_signal)
        self.process = subprocess.Popen([str(PROGRAM), "-f", "-t", "-c", str(self.daemon.config)],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def _on_signal(self, *_):
        self.asked = True

    def wait(self):
        wait_until(lambda: self.asked or self.process.poll() is not None, "to be asked")
        assert self.asked, self.process.stderr.read()

    def meet(self):
        self.channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(PATIENCE)
        self.channel.connect(f"\0submilter/successor-of/{os.getpid()}")

    def offer(self, text=None, descriptors=None):
        text = text or f"offer own unix:{self.daemon.socket}"
        socket.send_fds(self.channel, [text.encode()],
                        [self.listening.fileno()] if descriptors is None else descriptors)

    def hear(self):
        return self.channel.recv(4096).decode()

    def say(self, text):
        self.channel.send(text.encode())

    def failed(self):
        """What the successor said on its way out, which changed nothing."""
        said = self.process.communicate(timeout=PATIENCE)[1]
        assert self.process.returncode == 71, said
        assert self.daemon.socket.exists() and self.pid_file.read_text() == f"{os.getpid()}\n"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.daemon.socket))
        return said

    def close(self):
        self.process.kill()
        self.process.communicate()
        signal.signal(signal.SIGUSR2, self.before)
        if self.channel:
            self.channel.close()
        self.listening.close()
        self.daemon.remove()


@pytest.fixture
def asked():
    with contextlib.closing(Predecessor()) as running:
        running.wait()
        yield running


@pytest.fixture
def predecessor(asked):
    asked.meet()
    return asked


def test_everything_goes_well(predecessor):
    predecessor.offer()
    assert predecessor.hear() == "ready"
    assert predecessor.pid_file.read_text() == f"{os.getpid()}\n", "it does not serve yet"
    predecessor.say("yours")
    assert predecessor.hear() == f"serving {predecessor.process.pid} unix:{predecessor.daemon.socket}"
    predecessor.say("left")
    assert predecessor.hear() == "", "it has read that"
    assert predecessor.pid_file.read_text() == f"{os.getpid()}\n", "the service manager does not know of it yet"
    predecessor.channel.close()
    wait_until(lambda: predecessor.pid_file.read_text() == f"{predecessor.process.pid}\n", "the pid file")
    Session(predecessor.daemon.socket).close()
    predecessor.process.terminate()
    predecessor.process.communicate(timeout=PATIENCE)
    assert predecessor.process.returncode == 0 and not predecessor.daemon.socket.exists()


CALL = """
import socket, sys
caller = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
caller.connect(chr(0) + "submilter/successor-of/" + sys.argv[1])
assert caller.recv(1) == b""
"""


def test_another_calls_first(asked):
    """Anybody may: it is sent away, and the predecessor is waited for."""
    subprocess.run(["/usr/bin/python3", "-c", CALL, str(os.getpid())], timeout=PATIENCE, check=True)
    asked.meet()
    asked.offer()
    assert asked.hear() == "ready"


def test_the_predecessor_ends_first(predecessor):
    predecessor.offer()
    assert predecessor.hear() == "ready"
    predecessor.channel.close()
    assert "has ended" in predecessor.failed()


def test_the_predecessor_goes_on(predecessor):
    """It has lost patience: the successor, which serves by then, must not stay beside it."""
    predecessor.offer()
    assert predecessor.hear() == "ready"
    predecessor.say("yours")
    assert predecessor.hear().startswith("serving ")
    predecessor.channel.close()
    assert "has ended" in predecessor.failed()


@pytest.mark.parametrize("text", ["offer nonsense unix:/x", "ready", "offer own"])
def test_another_language(predecessor, text):
    predecessor.offer(text)
    assert "another language" in predecessor.failed()
    assert predecessor.hear().startswith("failed ")


def test_no_socket_comes(predecessor):
    predecessor.channel.send(b"offer own unix:/x")
    assert "another language" in predecessor.failed()


def test_what_comes_does_not_listen(predecessor):
    predecessor.offer(descriptors=[predecessor.channel.fileno()])
    assert "is not a listening socket" in predecessor.failed()
