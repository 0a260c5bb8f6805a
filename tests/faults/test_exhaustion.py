"""Descriptors, threads and memory run out: no crash, next to no processor time meanwhile, and back to work soon."""

import concurrent.futures
import contextlib
import errno
import os
import pwd
import time

import pytest

from daemon import USER, Daemon
from harness.milter_mta import Message, Player, play
from harness.milter_wire import ConnectionClosed, ProtocolError, Session, open_socket
from harness.process import run
from harness.waiting import wait_until
from injector import EVER, Injector

SOON = 10  # seconds
MOST_CPU = 0.2
LOOKED = 2  # seconds that processor time is looked at
HANGS_UP = (ConnectionClosed, ProtocolError, OSError)
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def share_of_cpu(daemon):
    """Of one processor, for a while from now on."""
    began, before = time.monotonic(), cpu_seconds(daemon.process.pid)
    time.sleep(LOOKED)
    return (cpu_seconds(daemon.process.pid) - before) / (time.monotonic() - began)


def goes_through(gate, seconds=5):
    try:
        with Session(gate.daemon.socket, timeout=seconds) as session:
            outcome = play(session)
            session.quit()
        return outcome.accepted
    except HANGS_UP:
        return False


def back_to_work(gate):
    """Seconds until a message goes through, signed."""
    began = time.monotonic()
    wait_until(lambda: goes_through(gate) or not gate.daemon.alive(), "a message to go through", SOON, gate.daemon.log)
    took = time.monotonic() - began
    gate.check_signed(gate.play())
    return took


@contextlib.contextmanager
def connected(address, count):
    """So many connections that say nothing; they are there, accepted or not."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            with contextlib.suppress(OSError):
                stack.callback(open_socket(address, 5).close)
        yield


def test_descriptors(start_daemon, tell):
    gate = start_daemon(wrapper=("prlimit", "--nofile=64"))
    gate.check_signed(gate.play())
    open_session = Player(Session(gate.daemon.socket))
    open_session.open()
    with connected(gate.daemon.socket, 100):
        gate.daemon.wait_for_log("Too many open files")
        share = share_of_cpu(gate.daemon)
        assert share < MOST_CPU
        assert open_session.message().accepted, "an open session is served meanwhile"
    took = back_to_work(gate)
    gate.daemon.wait_for_log("sessions are accepted again")
    assert gate.daemon.log().count("Too many open files") == 1
    open_session.session.close()
    tell("processor time while no descriptor is left", f"{share:.1%} of one")
    tell("until mail goes on once there are some", f"{took:.2f} s")


def allow_descriptors(daemon, count):
    """As its user: it lets nobody else do so who has no more than root's name."""
    run("setpriv", f"--reuid={USER}", f"--regid={pwd.getpwnam(USER).pw_gid}", "--clear-groups",
        "prlimit", f"--pid={daemon.process.pid}", f"--nofile={count}:")


def test_fewer_descriptors_than_sessions(start_daemon, tell):
    """Their limit is lowered while more are open: poll() takes no such list any more, and libmilter gives up after 16
    failures. All sessions go on."""
    gate = start_daemon()
    sessions = [Player(Session(gate.daemon.socket)) for _ in range(120)]
    for player in (sessions[0], sessions[-1]):
        player.open()
    allow_descriptors(gate.daemon, 100)
    share = share_of_cpu(gate.daemon)
    assert share < MOST_CPU
    for player in (sessions[0], sessions[-1]):
        assert player.message().accepted
    for player in sessions:
        player.session.close()
    took = back_to_work(gate)
    tell("processor time with more sessions open than descriptors allowed", f"{share:.1%} of one")
    tell("until new ones are served when they have gone", f"{took:.2f} s")


def named(word):
    headers = [field for field in Message().headers if field[0] != "From"]
    return Message().with_headers(("From", f" {word} <alice@example.com>"), *headers)


def test_charsets_without_descriptors(start_daemon):
    """A name is read as ever: what its charset needs was loaded at the start, and stays."""
    gate = start_daemon()
    player = Player(Session(gate.daemon.socket))
    player.open()
    turned, japanese = named("=?gb18030?Q?Ali=816=A71ce?="), named("=?iso-2022-jp?B?GyRCQkBPOhsoQg==?=")
    allow_descriptors(gate.daemon, 3)
    assert player.message(turned).reply.code == 5
    assert player.message(japanese).accepted
    player.session.close()


@pytest.mark.parametrize("reason", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED],
                         ids=errno.errorcode.get)
def test_accept_fails(start_daemon, reason):
    gate = start_daemon(injected=True)
    gate.injector.fail("accept", 1, EVER, reason)
    with connected(gate.daemon.socket, 5):
        wait_until(lambda: gate.injector.struck("accept"), "accept() to fail")
        assert reason == errno.ECONNABORTED or share_of_cpu(gate.daemon) < MOST_CPU
    gate.injector.clear("accept")
    back_to_work(gate)


def test_no_memory_for_sessions(start_daemon):
    """libmilter would give up after 16 of them, and sleep up to 16 s between two."""
    gate = start_daemon(injected=True)
    gate.injector.fail("alloc", 1, EVER)
    with connected(gate.daemon.socket, 20):
        assert share_of_cpu(gate.daemon) < MOST_CPU
    gate.injector.clear("alloc")
    back_to_work(gate)


def half_a_packet(address):
    """It keeps a thread of libmilter's until the rest has come."""
    session = Session(address, negotiate=False)
    session.raw(b"\0\0\0\x0dO\0\0")
    return session


def test_threads(start_daemon, tell):
    """What finds no thread waits for one of those that are there."""
    gate = start_daemon(injected=True)
    gate.check_signed(gate.play())
    gate.injector.fail("thread", 1, EVER, errno.EAGAIN)
    with contextlib.ExitStack() as stack:
        pinning = []
        while not gate.injector.struck("thread"):
            pinning.append(stack.enter_context(half_a_packet(gate.daemon.socket)))
            assert len(pinning) < 100, gate.daemon.log()
            time.sleep(0.01)  # until it has a thread, if it gets one
        waiting = [stack.enter_context(Session(gate.daemon.socket, negotiate=False)) for _ in range(20)]
        for session in waiting:
            session.packet("O", b"\0\0\0\6\0\0\x01\xff\0\x1f\xff\xff")
        share = share_of_cpu(gate.daemon)
        assert share < MOST_CPU
        began = time.monotonic()
        for session in pinning:
            session.close()
        for session in waiting:
            assert session.read_packet()[0] == "O"
        took = time.monotonic() - began
        assert took < SOON
    gate.check_signed(gate.play())
    gate.injector.clear("thread")
    back_to_work(gate)
    tell("processor time while no thread can be made", f"{share:.1%} of one")
    tell("until 20 sessions that waited for a thread are served", f"{took:.2f} s")


def start_without_thread(daemon, injector, number):
    """Whether it starts although its n-th thread cannot be made."""
    injector.fail("thread", number, number, errno.EAGAIN)
    said = len(daemon.log())
    with contextlib.suppress(RuntimeError):  # it may end before somebody can connect
        daemon.start()
    wait_until(lambda: "started: config=" in daemon.log()[said:] or not daemon.alive(), f"a start without thread {number}",
               SOON, daemon.log)
    if not daemon.alive():
        assert daemon.process.returncode in (os.EX_OSERR, os.EX_SOFTWARE), daemon.log()
        assert "submilter: " in daemon.log()[said:]
        return False
    with Session(daemon.socket) as session:
        assert play(session).accepted
    assert daemon.stop() == 0
    return True


def test_threads_of_a_start(tell):
    """It says why it ends, or goes on as ever: it never waits for what will not come."""
    daemon = Daemon()
    daemon.errors.touch()
    injector = Injector(daemon.folder)
    daemon.environment = injector.environment()
    starts = []
    try:
        while not starts or injector.struck("thread"):
            starts.append(start_without_thread(daemon, injector, len(starts) + 1))
    finally:
        daemon.remove()
    assert starts[-1] and len(starts) > 5, starts
    tell("starts without one of their threads", f"{starts[:-1].count(False)} of {len(starts) - 1} refused")


def address_space(gate):
    with open(f"/proc/{gate.daemon.process.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


LARGE = Message(body=b"0123456789\r\n" * 5000).plus(*[("X-Filler", (" " + "x" * 900 + "\n") * 16 + " x")] * 3)


def large_message(gate):
    try:
        with Session(gate.daemon.socket, timeout=60) as session:
            outcome = play(session, LARGE)
    except HANGS_UP:
        return "closed"
    assert outcome.reply.code in (2, 4), outcome
    assert outcome.reply.code == 4 or len(outcome.edits) == 2, "it went through unsigned"
    return "accepted" if outcome.accepted else "451"


def under_memory(start_daemon, size):
    """What became of 300 messages, and whether a reload was refused; the daemon must be as ever afterwards."""
    gate = start_daemon(wrapper=("prlimit", f"--as={size}"))
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        outcomes = list(pool.map(lambda _: large_message(gate), range(200)))
        said = len(gate.daemon.log())
        gate.daemon.reload()
        outcomes += pool.map(lambda _: large_message(gate), range(100))
    wait_until(lambda: "reload" in gate.daemon.log()[said:], "a word of the reload", explain=gate.daemon.log)
    back_to_work(gate)
    assert "reload" in gate.daemon.log()[said:]
    return outcomes, "reload refused" in gate.daemon.log()[said:]


def test_memory(start_daemon, tell):
    """RLIMIT_AS: what does not fit gets a 451, or its connection is closed; a reload that does not is refused. How much
    that takes is glibc's: so several limits are tried."""
    plain = start_daemon()
    plain.check_signed(plain.play())
    usual = address_space(plain)
    found = {}
    for megabytes in (-140, -70, -8, 1):
        outcomes, refused = under_memory(start_daemon, usual + (megabytes << 20))
        counts = ", ".join(f"{outcomes.count(what)} {what}" for what in sorted(set(outcomes)))
        found[megabytes] = counts + (", reload refused" if refused else "")
        tell(f"300 messages of 100 KB, 40 at once, {usual + (megabytes << 20) >> 20} MB to address", found[megabytes])
    assert any("451" in text or "closed" in text or "refused" in text for text in found.values()), found
