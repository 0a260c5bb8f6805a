"""Reloads and hand-overs, one after the other, under load: no session fails, and each message is judged by one
configuration."""

import concurrent.futures
import threading

from generations import Generations
from harness.milter_mta import Client, Player
from harness.milter_wire import Session
from harness.waiting import PATIENCE, wait_until

SESSIONS = 4
# With the one CRAM-MD5 is refused at MAIL, with the other the message is signed.
POLICIES = ('policies: { submission: { auth: { mechanisms = [ "CRAM-MD5" ]; }; }; };\n', "")


def pass_messages(daemon, enough, number):
    """Sessions of some messages each, until it is enough: how many were accepted, and refused."""
    accepted = refused = 0
    while not enough.is_set():
        with Session(daemon.socket, timeout=PATIENCE) as session:
            player = Player(session, Client(mechanism="CRAM-MD5"))
            assert player.open() is None
            for _ in range(1 + number * 7):
                outcome = player.message()
                if outcome.accepted:
                    assert len(outcome.edits) == 2
                    accepted += 1
                else:
                    assert outcome.stage == "M" and outcome.reply.text.startswith("534"), outcome
                    refused += 1
            session.quit()
    return accepted, refused


def under_load(daemon, act, times):
    """act(number) so many times, and the counts of what passed meanwhile."""
    enough = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(SESSIONS) as pool:
        jobs = [pool.submit(pass_messages, daemon, enough, number) for number in range(SESSIONS)]
        try:
            for number in range(times):
                act(number)
                assert not any(job.done() for job in jobs), "a session has failed"
        finally:
            enough.set()
        return [sum(counts) for counts in zip(*(job.result() for job in jobs))]


def check_records(gate, accepted, refused):
    """One each, and one action a configuration."""
    records = gate.records(accepted + refused, PATIENCE)
    assert len({record["id"] for record in records}) == len(records)
    actions = {}
    for record in records:
        actions.setdefault(record["config"], set()).add(record["action"])
    assert sorted(map(sorted, actions.values())) == [["accept"], ["reject"]], actions


def test_reloads(start_daemon, long_form, tell):
    gate = start_daemon()
    times = 1000 if long_form else 50

    def reload(number):
        before = gate.daemon.log().count("reloaded:")
        gate.daemon.configure(POLICIES[number % 2])
        gate.daemon.reload()
        wait_until(lambda: gate.daemon.log().count("reloaded:") > before, "a reload", explain=gate.daemon.log)

    accepted, refused = under_load(gate.daemon, reload, times)
    check_records(gate, accepted, refused)
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

    accepted, refused = under_load(daemon, hand_over, times)
    for process in daemon.earlier:
        assert process.wait(PATIENCE) == 0, daemon.log()[-4000:]
    check_records(gate, accepted, refused)
    tell(f"{times:,} hand-overs under load", f"{accepted:,} messages accepted, {refused:,} refused, none failed")
