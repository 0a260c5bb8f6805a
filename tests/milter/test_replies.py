"""What the client is told: one line that nothing it sent can break or forge."""

import re

import pytest

from harness.milter_mta import Client, Message
from harness.milter_wire import REPLYCODE

SHAPE = re.compile(rb"[45]\d\d [45]\.\d{1,3}\.\d{1,3} [ -~]+ \[[a-z_]+\.[a-z0-9-]+ [0-9A-Z]{20,}\]\0")


def check_reply(outcome):
    """The whole packet is one line as RFC 5321 has it, with every % doubled for the MTA."""
    reply = outcome.reply
    assert reply.command == REPLYCODE, outcome
    assert SHAPE.fullmatch(reply.data), reply.data
    assert len(reply.data) <= 980
    assert b"%" not in reply.data.replace(b"%%", b"")
    assert reply.data[:1] == reply.data[4:5], "code and enhanced code are of one class"
    return reply.text


REFUSALS = {
    "no TLS": (Message(), Client(tls=None, login=None)),
    "old TLS": (Message(), Client(tls=("TLSv1", "X", "256"))),
    "no login": (Message(), Client(login=None)),
    "mechanism": (Message(), Client(mechanism="CRAM-MD5")),
    "envelope": (Message(mail_from="<ceo@example.com>"), Client()),
    "from": (Message().with_headers(("From", " ceo@example.com")), Client()),
    "no from": (Message().with_headers(("Subject", " x")), Client()),
    "two from": (Message().plus(("From", " alice@example.com")), Client()),
    "sender": (Message().plus(("Sender", " ceo@example.com")), Client()),
    "twice": (Message().plus(("Subject", " x")), Client()),
    "injection": (Message().plus(("X-A", " =?utf-8?q?a=0d=0aFrom:_x?=")), Client()),
    "body": (Message(body=b"a\nb\r\n"), Client()),
    "syntax": (Message().plus(("X A", " x")), Client()),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_the_shape_of_a_reply(gate, case):
    message, client = REFUSALS[case]
    text = check_reply(gate.play(message, client))
    record = gate.record()
    assert record["reply"] == text
    assert f"[{record['rule']}.{record['reason']} {record['id']}]" in text
    assert record["action"] == "reject"


ODD = [b"100%", b"%s%s%s%n", b"%%", b"%", b"a\"b\"c", b"caf\xc3\xa9", b"\xff\xfe", b"\x1b[31m", b"a\tb",
       b"a\rb", b"a\nb", b"a\r\n250 2.0.0 Ok", b"x" * 2000, b"%" * 2000, b"[from.owned 0123]", b"\x7f",
       b"\xe2\x80\xae"]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_bytes_in_what_is_quoted(gate, odd):
    for message, client in (
            (Message(mail_from=b"<" + odd + b"@example.com>"), Client()),
            (Message(mail_from=b"<\"" + odd + b"\"@example.com>"), Client()),
            (Message(mail_from="<ceo@example.com>"), Client(login=odd)),
            (Message().with_headers(("From", b" " + odd + b"@example.com")), Client()),
            (Message().with_headers(("From", b" \"" + odd + b"\"@example.com")), Client()),
            (Message().plus(("Sender", b" " + odd + b" <ceo@example.com>")), Client()),
            (Message(), Client(mechanism=odd)),
            (Message(), Client(tls=(odd, odd, "256"))),
            (Message(), Client(tls=("TLSv1.3", odd, "0"))),
            (Message().plus((b"X" + odd, " x"), ("X Y", odd)), Client())):
        text = check_reply(gate.play(message, client))
        assert b"%" not in odd or "%%%%" not in text or odd.count(b"%") > 2
        assert gate.record()["reply"] == text


def test_a_percent_arrives_as_one(gate):
    outcome = gate.play(Message(mail_from="<ceo%example.net@example.com>"))
    assert "ceo%example.net@example.com" in outcome.reply.text
    assert b"ceo%%example.net@example.com" in outcome.reply.data
    gate.record()
