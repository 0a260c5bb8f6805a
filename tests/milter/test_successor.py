"""SIGUSR2 to a daemon whose successor is this test, or an impostor: what goes wrong must leave it as it was."""

import array
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess

import pytest

from daemon import FREE
from harness.milter_wire import OPTNEG
from harness.waiting import PATIENCE, wait_until

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root has rights to drop")


class Successor:
    """Plays a successor as the running daemon sees one that submilter -t starts."""

    def __init__(self, daemon):
        self.rendezvous = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.rendezvous.bind(f"\0submilter/successor-of/{daemon.process.pid}")
        self.rendezvous.listen(1)
        self.rendezvous.settimeout(PATIENCE)
        daemon.process.send_signal(signal.SIGUSR2)
        self.channel = self.rendezvous.accept()[0]
        self.channel.settimeout(PATIENCE)
        text, ancillary, _, _ = self.channel.recvmsg(4096, socket.CMSG_SPACE(4))
        self.offer = text.decode()
        descriptors = array.array("i")
        descriptors.frombytes(ancillary[0][2])
        self.listening = socket.socket(fileno=descriptors[0])

    def say(self, text):
        self.channel.send(text.encode())

    def hear(self):
        return self.channel.recv(4096).decode()

    def come_to_serve(self):
        self.say("ready")
        assert self.hear() == "yours"

    def serve(self, daemon):
        """It says so, at least."""
        self.say(f"serving {os.getpid()} unix:{daemon.socket}")

    def close(self):
        for one in (self.channel, self.listening, self.rendezvous):
            one.close()


@pytest.mark.parametrize("last_words", ["", "failed out of luck", "nonsense", "serving"])
def test_a_successor_that_dies_before_it_serves(generations, last_words):
    """Who came while nobody accepted has waited, and is served."""
    gate = generations()
    successor = Successor(gate.daemon)
    try:
        assert successor.offer == f"offer own unix:{gate.daemon.socket}"
        successor.come_to_serve()
        waiting = gate.session(negotiate=False)
        waiting.packet(OPTNEG, struct.pack(">III", 6, 0x1FF, 0x1FFFFF))
        assert waiting.silent(), "nobody accepts now"
        if last_words:
            successor.say(last_words)
        successor.close()
        gate.daemon.wait_for_log("hand-over failed, this process goes on")
        assert last_words != "failed out of luck" or "goes on: out of luck" in gate.daemon.log()
        assert waiting.read_packet()[0] == OPTNEG
        gate.check_signed(gate.play())
        gate.record()
    finally:
        successor.close()


def dies_unheard(daemon, successor):
    """While the daemon reads large tables anew, say."""
    daemon.process.send_signal(signal.SIGSTOP)
    successor.serve(daemon)
    successor.close()
    daemon.process.send_signal(signal.SIGCONT)


def gives_up(daemon, successor):
    """It has waited for as long as it does, and says so on its way out."""
    daemon.process.send_signal(signal.SIGSTOP)
    successor.serve(daemon)
    successor.say("failed out of luck")
    successor.close()
    daemon.process.send_signal(signal.SIGCONT)


def dies_before_it_hears(daemon, successor):
    """It was sent the last word, and has not read it."""
    successor.serve(daemon)
    assert successor.channel.recv(4096, socket.MSG_PEEK) == b"left"
    successor.close()


@pytest.mark.parametrize("end", [dies_unheard, gives_up, dies_before_it_hears])
def test_a_successor_that_dies_as_it_begins_to_serve(generations, end):
    """The socket is the running daemon's until the successor knows that it has it: somebody always listens."""
    gate = generations()
    successor = Successor(gate.daemon)
    try:
        successor.come_to_serve()
        end(gate.daemon, successor)
        gate.daemon.wait_for_log("hand-over failed, this process goes on")
        assert end is not gives_up or "goes on: out of luck" in gate.daemon.log()
        gate.check_signed(gate.play())
        gate.record()
        assert not any("MAINPID" in said or "STOPPING" in said for _, said in gate.daemon.manager.all())
    finally:
        successor.close()


def closes(successor):
    """As one of an earlier version does."""
    successor.channel.close()


def waits(successor):
    successor.channel.shutdown(socket.SHUT_WR)
    assert successor.hear() == ""


@pytest.mark.parametrize("part", [closes, waits])
def test_a_successor_that_serves(generations, part):
    """The service manager hears of it before the running daemon lets go of the channel."""
    gate = generations()
    successor = Successor(gate.daemon)
    try:
        successor.come_to_serve()
        successor.serve(gate.daemon)
        assert successor.hear() == "left"
        assert not any("MAINPID" in said for _, said in gate.daemon.manager.all())
        part(successor)
        assert part is closes or any("MAINPID" in said for _, said in gate.daemon.manager.all())
        assert gate.daemon.manager.wait("MAINPID")[2] == {"MAINPID": str(os.getpid())}
        gate.daemon.wait_for_log(f"handed over to process {os.getpid()}")
        assert gate.daemon.process.wait(PATIENCE) == 0
        assert gate.daemon.socket.exists(), "it is the successor's"
    finally:
        successor.close()


def test_a_successor_that_is_slow_to_hear(generations):
    """It lives, and will find the last word: two must not serve."""
    gate = generations()
    successor = Successor(gate.daemon)
    try:
        successor.come_to_serve()
        successor.serve(gate.daemon)
        assert gate.daemon.process.wait(PATIENCE) == 0
        assert "handed over to process" in gate.daemon.log()
        assert successor.hear() == "left" and gate.daemon.socket.exists()
    finally:
        successor.close()


def is_accepting(pid):
    """Whether one of its threads is in accept(), or about to enter it."""
    call = {"x86_64": "43", "aarch64": "202"}[os.uname().machine]
    return any((task / "syscall").read_text().split()[0] == call for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


@FREE
def test_a_connection_that_another_took(generations):
    """A successor that comes to nothing may accept too: libmilter, told of a connection that is gone, must
    not wait in accept() for the next one, deaf to its end."""
    trace = ("strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "inject=accept:delay_enter=500000")
    gate = generations(wrapper=trace, environment={"ASAN_OPTIONS": "detect_leaks=0"})
    pid = gate.daemon.process.pid
    successor = Successor(gate.daemon)
    try:
        successor.channel.close()
        gate.daemon.wait_for_log("hand-over failed, this process goes on")
        wait_until(lambda: not is_accepting(pid), "libmilter to poll")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(gate.daemon.socket))
            wait_until(lambda: is_accepting(pid), "libmilter to be told")
            assert select.select([successor.listening], [], [], 0)[0], "it was kept from it for long enough"
            successor.listening.accept()[0].close()
        assert gate.daemon.stop() == 0
    finally:
        successor.close()


def test_the_watchdog_while_nobody_accepts(generations):
    """The daemon must not ask itself: it would wait for the successor, and not hear what that one says."""
    gate = generations(environment={"WATCHDOG_USEC": "100000"})
    manager = gate.daemon.manager
    successor = Successor(gate.daemon)
    try:
        successor.come_to_serve()
        seen = len(manager.all())
        for _ in range(3):
            seen = manager.wait("WATCHDOG", seen)[0] + 1
        successor.say("failed out of luck")
        gate.daemon.wait_for_log("goes on: out of luck")
        assert "has not answered" not in gate.daemon.log()
    finally:
        successor.close()
    gate.check_signed(gate.play())
    gate.record()


def test_ending_while_a_successor_loads(generations):
    gate = generations()
    successor = Successor(gate.daemon)
    try:
        gate.daemon.process.send_signal(signal.SIGUSR2)
        gate.daemon.wait_for_log("hand-over refused, this process goes on: another")
        assert gate.daemon.stop() == 0
        assert successor.hear() == "", "it has nothing to take over any more"
    finally:
        successor.close()


IMPOSTOR = """
import socket, sys
name = chr(0) + "submilter/successor-of/" + sys.argv[1]
meeting = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
meeting.bind(name)
meeting.listen(0)
"""
LETS_IN = IMPOSTOR + """
print("there", flush=True)
print(meeting.accept()[0].recvmsg(4096, 64)[:2], flush=True)
"""
LETS_NOBODY_IN = IMPOSTOR + """
callers = []
try:
    while True:
        callers.append(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        callers[-1].setblocking(False)
        callers[-1].connect(name)
except BlockingIOError:
    print("there", flush=True)
print(sys.stdin.read(), flush=True)
"""


@AS_ROOT
@pytest.mark.parametrize("impostor, gets", [(LETS_IN, "(b'', [])\n"), (LETS_NOBODY_IN, "\n")],
                         ids=["lets in", "lets nobody in"])
def test_an_impostor_gets_nothing(generations, impostor, gets):
    """A process of another user waits where submilter -t would, or keeps the daemon waiting there."""
    gate = generations()
    command = ["setpriv", "--reuid=daemon", "--clear-groups", "/usr/bin/python3", "-c", impostor,
               str(gate.daemon.process.pid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout.readline() == "there\n"
            gate.daemon.hand_over()
            other.stdin.close()
            assert other.stdout.readline() == gets
        finally:
            other.kill()
    gate.check_signed(gate.play())
    gate.record()
