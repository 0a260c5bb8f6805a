"""Mail of this host's own programs, by sendmail(1): no TLS, no login, and From must be in our domains."""

import pytest

from harness.message import Message


@pytest.fixture
def hand_in(site):
    """Hand a message to sendmail(1); gives its queue id."""

    def run(message, *arguments):
        seen = len(site.postfix.logged())
        code, said = site.postfix.sendmail(message, *arguments)
        assert code == 0, said
        line = site.postfix.wait_logged(
            lambda line: "postfix/pickup[" in line and ": uid=" in line, "a message from pickup", start=seen
        )
        return line.split(": ")[1]

    return run


def test_own_domain_passes_and_is_signed(site, hand_in):
    queue_id = hand_in(
        b"From: Backup <backup@example.com>\nTo: bob@example.net\nSubject: done\n\nno final newline",
        "-f", "backup@example.com", "bob@example.net",
    )
    arrived = site.sink.wait(queue_id)
    assert arrived.data.endswith(b"\r\n\r\nno final newline\r\n")
    assert [result.valid for result in site.signatures(arrived.data)] == [True, True]
    record = site.submilter.records.wait_message(queue_id)
    assert record["listener"] == "local" and record["policy"] == "local"
    assert record["login"] is None and record["tls_version"] is None
    assert record["message_id"] == Message.parse(arrived.data).value("Message-ID")


def test_from_made_by_postfix(site, hand_in):
    """As cron has it: no From; Postfix makes one of the envelope sender before we see the message."""
    queue_id = hand_in(b"Subject: Cron <root@mail>\n\noutput\n", "-f", "root@example.com", "bob@example.net")
    arrived = site.sink.wait(queue_id)
    assert "root@example.com" in Message.parse(arrived.data).value("From")
    assert [result.valid for result in site.signatures(arrived.data)] == [True, True]


def test_recipients_from_the_message(site, hand_in):
    queue_id = hand_in(
        b"From: alice@example.com\nTo: bob@example.net\nBcc: hidden@example.net\n\nx\n",
        "-t", "-f", "alice@example.com",
    )
    arrived = site.sink.wait(queue_id)
    assert sorted(arrived.recipients) == ["<bob@example.net>", "<hidden@example.net>"]
    assert b"hidden" not in arrived.data
    assert [result.valid for result in site.signatures(arrived.data)] == [True, True]


def test_foreign_from_is_refused(site, hand_in):
    """Postfix has taken the message already: it tells the sender, and nobody else."""
    queue_id = hand_in(
        b"From: support@bank.example\nTo: bob@example.net\nSubject: x\n\nforeign text\n",
        "-f", "www-data@example.com", "bob@example.net",
    )
    record = site.submilter.records.wait_message(queue_id)
    assert (record["action"], record["rule"], record["reason"]) == ("reject", "from", "not-ours")
    bounce = site.sink.wait_token(record["id"].encode())
    assert bounce.sender == "<>"
    assert bounce.recipients == ["<www-data@example.com>"]
    assert b"5.7.1" in bounce.data
    assert not site.sink.find(queue_id)
    judged = {each["queue_id"] for each in site.submilter.records.all()}
    assert bounce.queue_id not in judged, "bounces pass by"


def test_injected_field_is_refused(site, hand_in):
    """A contact form that lets line breaks through."""
    queue_id = hand_in(
        b"From: form@example.com\nSubject: hello\nSubject: another\nTo: bob@example.net\n\nx\n",
        "-f", "form@example.com", "bob@example.net",
    )
    record = site.submilter.records.wait_message(queue_id)
    assert (record["action"], record["rule"]) == ("reject", "header_once")


def test_null_sender(site, hand_in):
    queue_id = hand_in(b"From: root@example.com\n\nx\n", "-f", "", "bob@example.net")
    record = site.submilter.records.wait_message(queue_id)
    assert record["action"] in ("accept", "fix")
    assert site.sink.wait(queue_id).sender == "<>"
