"""Limits through the MTA: its client gets our replies, and what the MTA refuses itself is refused as ever."""

import re

import pytest

from harness.submission import Submission, open_session, submit, transaction

from suite_site import UNKNOWN

GOOD = b"From: alice@example.com\r\nTo: bob@example.net\r\nSubject: x\r\n\r\nbody\r\n"
STRANGERS = tuple(f"<person{number}@example.net>" for number in range(5))


@pytest.fixture
def limited(second):
    """Starts the daemon behind "second" anew, with nothing counted."""
    site, daemon = second

    def start(**limits):
        daemon.stop()
        daemon.write_config(policies={"submission": {"limits": {
            "mode": "enforce", "contain": [], "login": [], **limits}}})
        daemon.start()
        return site, daemon

    yield start
    daemon.stop()


def test_a_login_that_sends_too_much(limited):
    site, daemon = limited(login=["2 messages/hour"])
    how = Submission("second", message=GOOD)
    with open_session(site, how) as client:
        for _ in range(2):
            assert transaction(client, how).accepted
        outcome = transaction(client, how)
    assert outcome.stage == "MAIL" and outcome.reply.code == 451
    assert re.match(r"4\.7\.1 The limit for your account is reached, 2 messages an hour: please try again in \d+ "
                    r"minutes \[limits\.login \w+\]$", outcome.reply.text), outcome.reply
    assert submit(site, Submission("second", login="ceo@example.com", mail_from="<ceo@example.com>",
                                   message=GOOD.replace(b"alice", b"ceo"))).accepted


def test_recipients_one_by_one(limited):
    """Those that fit get the message."""
    site, daemon = limited(login=["3 recipients/hour"])
    outcome = submit(site, Submission("second", message=GOOD, rcpts=STRANGERS))
    assert outcome.accepted
    assert [reply.code for reply in outcome.refused_rcpts] == [452, 452]
    assert all(reply.text.startswith("4.5.3 ") for reply in outcome.refused_rcpts)
    arrived = site.sink.wait(outcome.queue_id)
    assert sorted(arrived.recipients) == list(STRANGERS[:3])
    assert daemon.records.wait_message(outcome.queue_id)["rcpt_count"] == 3


def test_what_the_mta_refuses_itself(limited):
    """With its own reply, whatever we say; it counts as refused, and not as a recipient."""
    site, daemon = limited(login=["4 refusals/hour", "2 recipients/hour"])
    how = Submission("second", message=GOOD, rcpts=(UNKNOWN, STRANGERS[0], UNKNOWN, STRANGERS[1], UNKNOWN))
    outcome = submit(site, how)
    assert outcome.accepted
    assert [reply.code for reply in outcome.refused_rcpts] == [550] * 3
    assert all("submilter" not in reply.text and "limits" not in reply.text for reply in outcome.refused_rcpts)
    site.sink.wait(outcome.queue_id)
    record = daemon.records.wait_message(outcome.queue_id)
    assert record["rcpt_count"] == 2 and UNKNOWN.strip("<>") not in str(record["rcpts"])
    with open_session(site, how) as client:
        assert client.mail().code == 451, "its recipients are used up"
    site, daemon = limited(login=["4 refusals/hour"])
    with open_session(site, how) as client:
        client.mail()
        assert [client.rcpt(UNKNOWN).code for _ in range(5)] == [550] * 5
        client.rset()
        reply = client.mail()
        assert reply.code == 451 and "refus" in reply.text, reply


def test_observed_refusals_change_nothing(limited):
    site, daemon = limited(mode="observe", login=["1 refusals/hour", "1 messages/hour"])
    how = Submission("second", message=GOOD, rcpts=(UNKNOWN, *STRANGERS))
    for _ in range(3):
        outcome = submit(site, how)
        assert outcome.accepted and [reply.code for reply in outcome.refused_rcpts] == [550]
        assert len(site.sink.wait(outcome.queue_id).rcpts) == len(STRANGERS)
