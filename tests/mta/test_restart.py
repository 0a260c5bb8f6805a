"""SIGUSR2: another process serves, and no SMTP session notices."""

import concurrent.futures
import threading

from harness.submission import Submission, open_session, submit, transaction
from harness.waiting import PATIENCE, wait_until

MAIL = Submission("second", message=b"From: alice@example.com\r\n\r\nx\r\n")
HAND_OVERS = 6


def test_a_session_that_lasts(second):
    """It keeps the process that it began with; new ones have the new process."""
    site, daemon = second
    with open_session(site, MAIL) as client:
        assert transaction(client, MAIL).accepted
        client.mail()
        before = daemon.hand_over()
        client.rset()
        assert transaction(client, MAIL).accepted
        assert submit(site, MAIL).accepted
        assert before.running()
        client.quit()
    assert before.process.wait(PATIENCE) == 0
    assert submit(site, MAIL).accepted


def test_under_load(second):
    site, daemon = second
    enough = threading.Event()
    accepted = []

    def client():
        while not enough.is_set():
            with open_session(site, MAIL) as session:
                for _ in range(3):
                    outcome = transaction(session, MAIL)
                    assert outcome.accepted, outcome
                    accepted.append(outcome.queue_id)
                session.quit()

    earlier = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(client) for _ in range(4)]
        try:
            for _ in range(HAND_OVERS):
                before = len(accepted)
                earlier.append(daemon.hand_over())
                wait_until(lambda n=before: len(accepted) >= n + 4 or any(job.done() for job in jobs), "mail to pass")
        finally:
            enough.set()
        for job in jobs:
            job.result()
    for server in earlier:
        assert server.process.wait(PATIENCE) == 0
    ids = {record["queue_id"] for record in daemon.records.wait_count(len(accepted))}
    assert ids == set(accepted)
