"""Bodies and lines that Sendmail would change on their way out, and what keeps it from that."""

import pytest

from harness.message import Message
from harness.sink import CAPABILITIES
from harness.submission import Submission, submit

from mime_shapes import SHAPES

HEAD = b"From: alice@example.com\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"


def arrives_as_sent(site, message, **how):
    outcome = submit(site, Submission(message=message, **how))
    assert outcome.accepted, outcome.reply
    arrived = site.sink.wait(outcome.queue_id).data
    assert Message.parse(arrived).body == Message.parse(message).body
    assert [each.valid for each in site.signatures(arrived)] == [True, True]


@pytest.fixture
def old_sink(site):
    """A next hop that does not announce 8BITMIME."""
    site.sink.capabilities = b"250 sink.example.net\r\n"
    yield
    site.sink.capabilities = CAPABILITIES


@pytest.mark.parametrize("parameters", ("BODY=8BITMIME", ""))
def test_8bit_to_a_server_without_8bitmime(site, old_sink, parameters):
    message = HEAD + "Content-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n".encode()
    arrives_as_sent(site, message, parameters=parameters)


def test_8bit_without_mime_to_a_server_without_8bitmime(site, old_sink):
    arrives_as_sent(site, "From: alice@example.com\r\n\r\nGrüße\r\n".encode(), parameters="BODY=8BITMIME")


@pytest.mark.parametrize("length", (989, 990, 991, 998, 3000, 70_000))
def test_long_lines(site, length):
    arrives_as_sent(site, HEAD + b"\r\n" + b"x" * length + b"\r\n." + b"y " * (length // 2) + b"\r\n")


@pytest.mark.parametrize("fields, body", SHAPES.values(), ids=SHAPES)
def test_mime_that_is_odd_stays(site, fields, body):
    arrives_as_sent(site, b"From: alice@example.com\r\nSubject: x\r\n" + fields + b"\r\n" + body)


def test_a_header_line_of_998_bytes(site):
    arrives_as_sent(site, b"Subject: " + b"x" * (998 - len("Subject: ")) + b"\r\n" + HEAD + b"\r\nx\r\n")


def test_many_recipients_are_folded(site):
    to = ", ".join(f"Somebody {number} <bob{number}@example.net>" for number in range(300))
    arrives_as_sent(site, HEAD + f"To: {to}"[:990].rpartition(",")[0].encode() + b"\r\n\r\nx\r\n")
    arrives_as_sent(site, HEAD + b"Cc: " + to.replace(", ", ",\r\n ").encode() + b"\r\n\r\nx\r\n")


def test_fields_that_sendmail_takes_away_are_not_signed(site):
    arrives_as_sent(site, b"Content-Length: 5\r\nFull-Name: Alice\r\nBcc: x@example.net\r\n" + HEAD + b"\r\nx\r\n")


def test_simple_canonicalization(second):
    """Holds where Sendmail has nothing to fold anew."""
    site, daemon = second
    daemon.write_config(dkim={"canonicalization": "simple/simple"})
    daemon.reload()
    message = b"To: Bob <bob@example.net>, carol@example.net\r\nSubject: a\r\n\tb  c\r\n" + HEAD + b"\r\nx \r\n"
    outcome = submit(site, Submission("second", message=message))
    arrived = site.sink.wait(outcome.queue_id).data
    assert arrived.count(b"c=simple/simple") == 2
    assert [each.valid for each in site.signatures(arrived, daemon)] == [True, True]


FULL_NAME = b"Full-Name: ceo@example.com\r\n"


def names_of(arrived, field):
    """What stands before the address."""
    return [each.split(b":", 1)[1].partition(b"<")[0].strip() for each in Message.parse(arrived).named(field)]


def test_a_client_cannot_name_the_sender_that_is_added(site):
    """No filter is shown the From that Sendmail adds."""
    outcome = submit(site, Submission(
        "mx", login="", tls="no", mail_from="<mallory@example.net>", message=FULL_NAME + b"Subject: x\r\n\r\nx\r\n"))
    arrived = site.sink.wait(outcome.queue_id).data
    assert Message.parse(arrived).named("From") == [b"From: <mallory@example.net>"]


@pytest.mark.parametrize("mail_from", ["<alice@example.com>", "<>"])
def test_a_client_cannot_name_the_resender_that_is_added(site, mail_from):
    message = HEAD + FULL_NAME + b"Resent-To: x@example.net\r\n\r\nx\r\n"
    outcome = submit(site, Submission(message=message, mail_from=mail_from))
    arrived = site.sink.wait(outcome.queue_id).data
    assert names_of(arrived, "Resent-From") == [b""]
    assert [each.valid for each in site.signatures(arrived)] == [True, True]
