"""Reloads and hand-overs, one after the other, under load: no session fails, and each message is judged by one
configuration."""

from generations import Generations
from harness.one_configuration import POLICIES, SESSIONS, check_records, under_load
from harness.waiting import PATIENCE, wait_until


def in_session(number):
    """How many messages: each session has its own time for beginning anew."""
    return 1 + number * 7


def test_reloads(start_daemon, long_form, tell):
    gate = start_daemon()
    times = 1000 if long_form else 50

    def reload(number):
        before = gate.daemon.log().count("reloaded:")
        gate.daemon.configure(POLICIES[number % 2])
        gate.daemon.reload()
        wait_until(lambda: gate.daemon.log().count("reloaded:") > before, "a reload", explain=gate.daemon.log)

    accepted, refused = under_load(gate.daemon.socket, reload, times, in_session)
    check_records(gate.records(accepted + refused, PATIENCE))
    tell(f"{times:,} reloads under load", f"{accepted:,} messages accepted, {refused:,} refused, none failed")


def test_hand_overs(start_daemon, long_form, tell):
    """Every other successor has the other configuration."""
    gate = start_daemon(kind=Generations)
    daemon = gate.daemon
    times = 200 if long_form else 10

    def hand_over(number):
        before = len(daemon.records())
        daemon.configure(POLICIES[number % 2])
        daemon.hand_over()
        wait_until(lambda: len(daemon.records()) >= before + SESSIONS, "messages to pass")

    accepted, refused = under_load(daemon.socket, hand_over, times, in_session)
    for process in daemon.earlier:
        assert process.wait(PATIENCE) == 0, daemon.log()[-4000:]
    check_records(gate.records(accepted + refused, PATIENCE))
    tell(f"{times:,} hand-overs under load", f"{accepted:,} messages accepted, {refused:,} refused, none failed")
