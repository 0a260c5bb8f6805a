"""Start, stop and reload, with sessions under way."""

import ctypes
import os
import signal
import time

from harness.milter_mta import Client, Message
from harness.process import pending
from harness.waiting import PATIENCE


def test_ends_with_open_sessions(start_daemon):
    gate = start_daemon()
    players = [gate.player() for _ in range(5)]
    for player in players[1:]:
        player.mail(Message())
    players[2].rcpt("<bob@example.net>")
    began = time.monotonic()
    for player in players:
        player.session.quit()
        player.session.close()
    assert gate.daemon.stop() == 0
    assert time.monotonic() - began < 20
    assert gate.daemon.records() == []


def test_signals_do_not_shorten_the_end(start_daemon):
    """A message under way has its 20 seconds, however often the daemon is told."""
    gate = start_daemon()
    message = Message()
    player = gate.player()
    player.begin(message)
    gate.daemon.terminate()
    gate.daemon.wait_for_log("stopping:")
    for _ in range(1000):
        gate.daemon.terminate()
        time.sleep(0.002)
    player.body(message.body)
    assert player.eom().code == 2
    player.session.close()
    assert gate.daemon.process.wait(PATIENCE) == 0
    gate.record()


def test_ends_at_once(start_daemon):
    """libmilter looks every five seconds whether it is to end: it is woken."""
    took = []
    gate = start_daemon()
    for _ in range(3):
        gate.check_signed(gate.play())
        gate.record()
        began = time.monotonic()
        assert gate.daemon.stop() == 0
        took.append(time.monotonic() - began)
        gate.daemon.start()
    assert min(took) < 3, took


def test_a_second_start_after_a_kill(start_daemon):
    """The socket that a killed daemon left is no obstacle."""
    gate = start_daemon()
    gate.check_signed(gate.play())
    gate.record()
    gate.daemon.kill()
    assert os.path.exists(gate.daemon.socket)
    gate.daemon.start()
    gate.check_signed(gate.play())
    gate.record()


def test_reload_takes_a_new_policy(start_daemon):
    gate = start_daemon()
    client = Client(mechanism="CRAM-MD5")
    assert gate.play(client=client).reply.code == 5
    before = gate.record()["config"]
    gate.daemon.configure('policies: { submission: { auth: { mechanisms = [ "CRAM-MD5" ]; }; }; };\n')
    gate.daemon.reload()
    gate.wait_for_config(before)
    gate.check_signed(gate.play(client=client))
    assert gate.record()["config"] != before


def test_a_bad_configuration_changes_nothing(start_daemon):
    gate = start_daemon()
    gate.play()
    before = gate.record()["config"]
    for bad in ("nonsense = ;\n", "unknown_key = 1;\n", 'policies: { submission: { tls: { mode = "x"; }; }; };\n',
                'dkim: { keys = "/nonexistent"; };\n'):
        log = len(gate.daemon.log())
        gate.daemon.configure(bad)
        gate.daemon.reload()
        deadline = time.monotonic() + 10
        while len(gate.daemon.log()) == log and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(gate.daemon.log()) > log, "it says so"
        gate.check_signed(gate.play())
        assert gate.record()["config"] == before


def test_a_message_is_judged_by_one_configuration(start_daemon):
    """It began before the reload, so it ends under the old policy; the next one has the new."""
    gate = start_daemon()
    player = gate.player()
    message = Message()
    player.mail(message)
    player.rcpt(message.rcpts[0])
    gate.daemon.configure('policies: { submission: { auth: { mechanisms = [ "CRAM-MD5" ]; }; }; };\n')
    gate.play()
    before = gate.record()["config"]
    gate.daemon.reload()
    gate.wait_for_config(before)
    player.data()
    for field in message.headers:
        player.header(*field)
    player.eoh()
    reply = player.eom()
    assert reply.code == 2 and len(reply.edits) == 2
    assert gate.record()["config"] == before
    assert player.message().reply.code == 5
    assert gate.record()["config"] != before


def test_a_reload_names_what_takes_a_restart(start_daemon):
    gate = start_daemon()
    gate.play()
    before = gate.record()["config"]
    gate.daemon.configure('timeout = "2h";\n')
    gate.daemon.reload()
    gate.wait_for_config(before)
    gate.daemon.wait_for_log("timeout was changed: that comes into force at the next start only")
    assert "socket was changed" not in gate.daemon.log()


def test_no_descriptor_stays_open(start_daemon):
    gate = start_daemon()

    def descriptors():
        return len(os.listdir(f"/proc/{gate.daemon.process.pid}/fd"))

    gate.play()
    before = descriptors()
    for _ in range(200):
        player = gate.player()
        player.mail(Message())
        player.session.close()
        with gate.session(negotiate=False) as session:
            session.raw(b"\0\0\0")
    deadline = time.monotonic() + 10
    while descriptors() > before + 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert descriptors() <= before + 5




def test_a_reload_names_domains_without_keys(start_daemon):
    """A domain more, and nobody has made its key: that is no fault, but its mail would wait."""
    gate = start_daemon()
    gate.play()
    before = gate.record()["config"]
    config = gate.daemon.config.read_text().replace('"example.org"', '"example.org", "example.net"')
    gate.daemon.config.write_text(config)
    gate.daemon.reload()
    gate.wait_for_config(before)
    gate.daemon.wait_for_log("there is no key for example.net")


def test_signals_for_other_threads_end_nothing(start_daemon):
    """libmilter's own thread would take a HUP or a TERM and end the daemon, without draining it."""
    gate = start_daemon()
    gate.check_signed(gate.play())
    pid = gate.daemon.process.pid
    tgkill = {"x86_64": 234, "aarch64": 131}[os.uname().machine]
    libc = ctypes.CDLL(None)
    threads = [int(name) for name in os.listdir(f"/proc/{pid}/task") if int(name) != pid]
    for thread in threads:
        for number in (signal.SIGHUP, signal.SIGTERM):
            libc.syscall(tgkill, pid, thread, int(number))
    for _ in range(20):
        gate.check_signed(gate.play())
    for thread in threads:
        waiting = pending(pid, thread)
        assert waiting is None or waiting >= {signal.SIGHUP, signal.SIGTERM}, f"thread {thread} took one"
    assert gate.daemon.stop() == 0 and "stopped" in gate.daemon.log()
