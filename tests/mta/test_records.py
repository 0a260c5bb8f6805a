"""The records: one JSON line for each message and each refused command, whatever a client typed."""

import json
import os
import re

import pytest

from harness.message import Message
from harness.submission import Submission, open_session, submit, transaction

GOOD = b"From: alice@example.com\r\nSubject: a private subject\r\n\r\na private text\r\n"
SPOOFED = GOOD.replace(b"alice", b"ceo")


def record_of(site, outcome):
    records = site.submilter.records
    return records.wait_message(outcome.queue_id) if outcome.accepted else records.wait_refusal(outcome.reply)


def test_all_that_is_known_of_a_message(site):
    outcome = submit(site, Submission(message=GOOD, rcpts=("<a@example.net>", "<b@example.net>")))
    record = record_of(site, outcome)
    arrived = Message.parse(site.sink.wait(outcome.queue_id).data)
    expected = {
        "queue_id": outcome.queue_id,
        "listener": "submission",
        "policy": "submission",
        "client": "127.0.0.1",
        "helo": "client.example.net",
        "tls_version": "TLSv1.3",
        "auth_mech": "PLAIN",
        "login": "alice@example.com",
        "mail_from": "<alice@example.com>",
        "rcpt_count": 2,
        "from": "alice@example.com",
        "message_id": arrived.value("Message-ID"),
        "reply": None,
    }
    assert {key: record[key] for key in expected} == expected
    assert record["cipher"].startswith("TLS_")
    assert len(record["id"]) == 26 and record["usec"] >= 0 and record["size"] > len(GOOD) - 20
    assert {each["a"] for each in record["signatures"]} == {"rsa-sha256", "ed25519-sha256"}
    verdicts = {each["rule"]: (each["mode"], each["outcome"]) for each in record["verdicts"]}
    assert verdicts["from"] == ("enforce", "pass")
    assert verdicts["display_name"] == ("observe", "pass")


def test_queue_id_of_a_refused_message(site):
    """The id that the MTA logs the refusal under."""
    outcome = submit(site, Submission(message=SPOOFED))
    record = record_of(site, outcome)
    line = site.mta.wait_logged(lambda line: record["id"] in line, "the refusal")
    assert f": {record['queue_id']}: {site.mta.logs_refusal}" in line


def test_old_message_id_is_kept(site):
    sent = GOOD.replace(b"Subject", b"Message-ID: no angle brackets\r\nSubject")
    outcome = submit(site, Submission(message=sent))
    record = record_of(site, outcome)
    assert record["message_id_old"] == "no angle brackets"
    assert record["message_id"] == Message.parse(site.sink.wait(outcome.queue_id).data).value("Message-ID")


def test_neither_subject_nor_text_nor_password(site):
    submit(site, Submission(message=SPOOFED, mechanism="LOGIN"))
    record_of(site, submit(site, Submission(message=GOOD)))
    written = site.submilter.records.path.read_bytes() + site.submilter.server.printed().encode()
    for secret in (b"private", b"PRIVATE", b"c2VjcmV0"):
        assert secret not in written


HOSTILE = {
    "quotes": 'a"b',
    "backslashes": "a\\b\\n",
    "closes the object": '"},{"action":"accept"}',
    "terminal sequences": "a\x1b[2Jb",
    "C1 controls": "a\x9b2Jb",
    "line separators": "a\u2028b\u0085c",
    "percent signs": "%s%n%x",
    "what is not UTF-8": b"a\xff\xfeb",
}


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def is_one_safe_line(site, record):
    """Its line is pure JSON, and nothing in it could move a terminal or end a line for somebody."""
    (line,) = [line for line in site.submilter.records.lines() if record["id"].encode() in line]
    text = line.decode("utf-8")
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text)
    assert json.loads(text)["id"] == record["id"]
    printed = site.submilter.server.printed()
    assert "\x1b" not in printed and "\x9b" not in printed


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_helo(site, text):
    outcome = submit(site, Submission(message=GOOD, helo=as_bytes(text)))
    if isinstance(text, bytes) or site.mta.checks_helo:
        assert outcome.stage == "EHLO"  # by the MTA itself: it is not UTF-8, or no domain
        return
    assert outcome.accepted
    is_one_safe_line(site, record_of(site, outcome))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_from(site, text):
    message = b'From: "' + as_bytes(text) + b'" <ceo@example.com>\r\n\r\nx\r\n'
    outcome = submit(site, Submission(message=message))
    assert outcome.stage == "END"
    assert all(32 <= ord(letter) < 127 for letter in outcome.reply.text)
    record = record_of(site, outcome)
    assert record["action"] == "reject"
    is_one_safe_line(site, record)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_message_id(site, text):
    message = b"From: alice@example.com\r\nMessage-ID: <" + as_bytes(text) + b"@x>\r\n\r\nx\r\n"
    outcome = submit(site, Submission(message=message))
    is_one_safe_line(site, record_of(site, outcome))


@pytest.mark.parametrize("text", ['a"b', "a\\b", '"},{"x":"', "%s%n"])
def test_hostile_envelope(site, text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    with open_session(site, Submission()) as client:
        reply = client.mail(f'<"{quoted}"@example.com>')
    assert reply.code == 553
    record = site.submilter.records.wait_refusal(reply)
    is_one_safe_line(site, record)


def test_hostile_login(site):
    login = 'quo"te\\@example.com'
    reply = submit(site, Submission(login=login, message=GOOD)).reply
    assert reply.code == 553, reply
    record = site.submilter.records.wait_refusal(reply)
    assert record["login"] == login
    is_one_safe_line(site, record)


def test_exactly_one_record_each(second):
    """Counted on a daemon of its own, after it has ended and written everything."""
    site, daemon = second
    with open_session(site, Submission("second")) as client:
        for _ in range(3):
            assert transaction(client, Submission(message=GOOD)).accepted
        assert not transaction(client, Submission(message=SPOOFED)).accepted
        assert client.mail("<ceo@example.com>").code == 553
        client.mail()
        assert client.rcpt("<x@forbidden.example>").code == 550
        client.rset()
        client.quit()
    submit(site, Submission("second", login="", tls="no", message=GOOD))
    daemon.stop()
    seen = [(each["action"], each["command"]) for each in daemon.records.all()]
    let_go = [("fix", None)] * 3
    assert seen == let_go + [("reject", None), ("reject", "MAIL"), ("reject", "RCPT"), ("reject", "MAIL")]


def test_rotated_by_renaming(second):
    site, daemon = second
    path = daemon.records.path
    first = submit(site, Submission("second", message=GOOD))
    daemon.records.wait_message(first.queue_id)
    os.rename(path, path.with_suffix(".1"))
    daemon.reload()
    later = submit(site, Submission("second", message=GOOD))
    daemon.records.wait_message(later.queue_id)
    assert len(daemon.records.lines()) == 1
    assert len(path.with_suffix(".1").read_bytes().splitlines()) == 1
