"""Messages that pass while the configuration changes: each is judged by one, from MAIL to its end."""

import concurrent.futures
import threading

from .milter_mta import Client, Player
from .milter_wire import Session
from .waiting import PATIENCE

SESSIONS = 4
# With the one CRAM-MD5 is refused at MAIL, with the other the message is signed.
POLICIES = ('policies: { submission: { auth: { mechanisms = [ "CRAM-MD5" ]; }; }; };\n', "")


def pass_messages(socket, enough, most=None):
    """Sessions of so many messages each (None: one session), until it is enough: how many were accepted, and refused."""
    accepted = refused = 0
    while not enough.is_set():
        with Session(socket, timeout=PATIENCE) as session:
            player = Player(session, Client(mechanism="CRAM-MD5"))
            assert player.open() is None
            passed = 0
            while passed < most if most else not enough.is_set():
                passed += 1
                outcome = player.message()
                if outcome.accepted:
                    assert len(outcome.edits) == 2
                    accepted += 1
                else:
                    assert outcome.stage == "M" and outcome.reply.text.startswith("534"), outcome
                    refused += 1
            session.quit()
    return accepted, refused


def under_load(socket, act, times, most=None):
    """act(number) so many times, and the counts of what passed meanwhile. most: messages a session, by its number."""
    enough = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(SESSIONS) as pool:
        jobs = [pool.submit(pass_messages, socket, enough, most and most(number)) for number in range(SESSIONS)]
        try:
            for number in range(times):
                act(number)
                assert not any(job.done() for job in jobs), "a session has failed"
        finally:
            enough.set()
        return [sum(counts) for counts in zip(*(job.result() for job in jobs))]


def check_records(records):
    """One each, and one action a configuration."""
    assert len({record["id"] for record in records}) == len(records)
    actions = {}
    for record in records:
        actions.setdefault(record["config"], set()).add(record["action"])
    assert sorted(map(sorted, actions.values())) == [["accept"], ["reject"]], actions
