"""Mail of this host's own programs, by sendmail(1), which hands it to the daemon as a client without TLS and login."""

import re
import subprocess

import pytest

from harness.message import Message


@pytest.fixture
def hand_in(site):
    """Hand a message to sendmail(1); gives what the daemon said to it."""

    def run(message, *arguments):
        seen = len(site.mta.logged())
        site.mta.sendmail(message, "-Ac", "-odi", *arguments)
        line = site.mta.wait_logged(
            lambda line: "mailer=relay" in line and "stat=" in line, "an answer to sendmail(1)", start=seen
        )
        return line.partition("stat=")[2]

    return run


def queue_id(said):
    return re.match(r"Sent \((\w+) Message accepted", said).group(1)


def test_own_domain_passes_and_is_signed(site, hand_in):
    said = hand_in(
        b"From: Backup B. <backup@example.com>\nTo: bob@example.net, root\nSubject: done\n\nno final newline",
        "-f", "backup@example.com", "bob@example.net",
    )
    arrived = site.sink.wait(queue_id(said))
    assert [result.valid for result in site.signatures(arrived.data)] == [True, True]
    record = site.submilter.records.wait_message(queue_id(said))
    assert record["listener"] == "local" and record["policy"] == "local"
    assert record["login"] is None
    assert record["message_id"] == Message.parse(arrived.data).value("Message-ID")


def test_from_made_by_sendmail(site, hand_in):
    """As cron has it: no From; sendmail(1) makes one of the envelope sender before the daemon sees the message."""
    said = hand_in(b"Subject: Cron <root@mail>\n\noutput\n", "-f", "root@example.com", "bob@example.net")
    arrived = site.sink.wait(queue_id(said))
    assert "root@example.com" in Message.parse(arrived.data).value("From")
    assert [result.valid for result in site.signatures(arrived.data)] == [True, True]


def test_recipients_from_the_message(site, hand_in):
    said = hand_in(
        b"From: alice@example.com\nTo: bob@example.net\nBcc: hidden@example.net\n\nx\n", "-t", "-f", "alice@example.com"
    )
    arrived = site.sink.wait(queue_id(said))
    assert sorted(arrived.recipients) == ["<bob@example.net>", "<hidden@example.net>"]
    assert [result.valid for result in site.signatures(arrived.data)] == [True, True]


def test_foreign_from_is_refused(site, hand_in):
    """sendmail(1) has taken the message already: it tells the sender, and nobody else."""
    hand_in(
        b"From: support@bank.example\nTo: bob@example.net\nSubject: x\n\nforeign text\n",
        "-f", "www-data@example.com", "bob@example.net",
    )
    record = site.submilter.records.wait(action="reject", mail_from="<www-data@example.com>")
    assert (record["listener"], record["rule"], record["reason"]) == ("local", "from", "not-ours")
    assert not site.sink.find(record["queue_id"])


def test_smtp_on_standard_input(site):
    """sendmail -bs of the daemon's own configuration asks its filters too."""
    with subprocess.Popen(site.mta.sendmail_command("-bs"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        replies = [server.stdout.readline()]
        for text in (b"HELO local.example.com", b"MAIL FROM:<alice@example.com>", b"RCPT TO:<bob@example.net>",
                     b"DATA", b"From: support@bank.example\r\n\r\nx\r\n.", b"QUIT"):
            server.stdin.write(text + b"\r\n")
            server.stdin.flush()
            replies.append(server.stdout.readline())
    record = site.submilter.records.wait(helo="local.example.com")
    assert (record["listener"], record["action"], record["rule"]) == ("local", "reject", "from"), replies
    assert replies[5].startswith(b"550 5.7.1 ") and record["id"].encode() in replies[5]
