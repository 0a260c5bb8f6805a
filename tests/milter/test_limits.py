"""Memory, descriptors and reloads under load: what grows must come to an end, what runs out must come
back."""

import re
import time

import pytest

from daemon import sanitized
from harness.milter_mta import POSTFIX, SENDMAIL, Client, Message, Player, play
from harness.milter_wire import ConnectionClosed, ProtocolError, Session
from harness.one_configuration import POLICIES, SESSIONS, check_records, under_load
from harness.waiting import wait_until

plain_build_only = pytest.mark.skipif(sanitized("asan", "tsan"), reason="sanitizers keep freed memory, or what was done to it")

MB = 1 << 20


def memory(gate, line="VmRSS"):
    with open(f"/proc/{gate.daemon.process.pid}/status", encoding="ascii") as status:
        return int(re.search(rf"{line}:\s+(\d+) kB", status.read())[1]) * 1024


def grows_no_more(gate, work, rounds=3):
    """Whether it takes less than a MB more in one of the rounds: what leaks grows in each, and what a busy machine
    makes it hold for once (records not yet written, a thread's own heap) does not."""
    for _ in range(rounds):
        before = memory(gate)
        work()
        if memory(gate) - before < MB:
            return True
    return False


@plain_build_only
def test_a_body_is_never_kept(start_daemon):
    """100 MB stream through."""
    gate = start_daemon()
    gate.play()
    before = memory(gate, "VmHWM")
    player = gate.player()
    message = Message(body=b"")
    player.begin(message)
    line = b"0123456789abcde " * 4 + b"\r\n"
    chunk = line * (65535 // len(line))
    for _ in range(100 * MB // len(chunk)):
        player.session.body(chunk)
    assert player.eom().code == 2
    assert memory(gate, "VmHWM") - before < 4 * MB
    gate.records(2)


@plain_build_only
def test_memory_does_not_grow_with_messages(start_daemon):
    """Every Ed25519 signature would leak some 550 bytes in libopendkim, were nothing done about it."""
    gate = start_daemon()
    player = gate.player()
    message = Message().plus(("Authentication-Results", " mx.example.com; none"))

    def pass_on(count):
        for _ in range(count):
            assert player.message(message).accepted
        gate.records(count)

    pass_on(1000)
    assert grows_no_more(gate, lambda: pass_on(3000))


@plain_build_only
def test_memory_does_not_grow_with_refusals_and_aborts(start_daemon):
    gate = start_daemon()

    def disturb():
        for _ in range(300):
            player = gate.player()
            player.message(Message(mail_from="<ceo@example.com>"))
            player.begin(Message().plus(*[("X-Filler", " " + "x" * 1000)] * 50))
            player.session.close()
        gate.sessions.clear()
        gate.settle()

    disturb()
    assert grows_no_more(gate, lambda: (disturb(), disturb()))


@plain_build_only
def test_an_idle_connection_costs_little(start_daemon):
    """Under 48 KB each, logged in and between two messages."""
    gate = start_daemon()
    gate.play()
    before = memory(gate)
    players = []
    for _ in range(500):
        player = Player(Session(gate.daemon.socket))
        player.open()
        players.append(player)
    for player in players[::10]:
        assert player.message().accepted
    assert (memory(gate) - before) / len(players) < 48 * 1024
    for player in players:
        player.session.close()


def test_descriptors_run_out_and_come_back(start_daemon):
    gate = start_daemon(wrapper=("prlimit", "--nofile=48"))
    gate.check_signed(gate.play())
    waiting = []
    for _ in range(100):
        try:
            waiting.append(Session(gate.daemon.socket, negotiate=False, timeout=5))
        except OSError:
            break
    time.sleep(0.5)
    for session in waiting:
        session.close()
    deadline = time.monotonic() + 10
    while True:
        try:
            gate.check_signed(gate.play(timeout=5))
            break
        except (OSError, ConnectionClosed, ProtocolError):
            assert time.monotonic() < deadline and gate.daemon.alive(), gate.daemon.log()[-2000:]
            time.sleep(0.1)


def test_reloads_under_load(start_daemon):
    """No session fails, and each message is judged by one configuration from MAIL to its end: with the
    one CRAM-MD5 is refused at MAIL, with the other the message is signed."""
    gate = start_daemon()

    def reload(number):
        before = [gate.daemon.log().count("reloaded:"), len(gate.daemon.records())]
        gate.daemon.configure(POLICIES[number % 2])
        gate.daemon.reload()
        # Some messages of each configuration.
        wait_until(lambda: gate.daemon.log().count("reloaded:") > before[0] and
                   len(gate.daemon.records()) >= before[1] + SESSIONS, "a reload, and messages", explain=gate.daemon.log)

    accepted, refused = under_load(gate.daemon.socket, reload, 30)
    assert accepted and refused
    check_records(gate.records(accepted + refused))


@pytest.mark.parametrize("mta, settings", [
    (POSTFIX, {"i": "milter_end_of_data_macros", "{daemon_port}": "milter_connect_macros"}),
    (SENDMAIL, {"i": "confMILTER_MACROS_ENVFROM", "{daemon_port}": "confMILTER_MACROS_CONNECT"}),
], ids=lambda value: getattr(value, "name", ""))
def test_missing_macros_are_said_once(start_daemon, mta, settings):
    gate = start_daemon()
    client = Client(macros={"i": None, "{daemon_port}": None})
    for _ in range(5):
        gate.check_signed(gate.play(client=client, mta=mta))
    gate.records(5)
    log = gate.daemon.log()
    for macro, setting in settings.items():
        said = [line for line in log.splitlines() if f"did not send the macro {macro}:" in line]
        assert len(said) == 1 and f"; {setting} has to name it" in said[0], log


def test_what_stands_open_is_closed_after_the_timeout(start_daemon):
    """A peer that sends half a packet and no more is let go."""
    gate = start_daemon("timeout = 10;\n")
    with gate.session() as session:
        session.raw(b"\0\0\0\5Bab")
        assert session.closed_by_filter(25)
    gate.check_signed(play(gate.session()))
