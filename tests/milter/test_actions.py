"""What the configuration makes of a violation: refused, refused for now, held, mended or only seen."""

import pytest

from daemon import CONFIG
from harness.milter_mta import Client, Message
from harness.milter_wire import F_ALL, F_QUARANTINE, QUARANTINE, ConnectionClosed, ProtocolError

SPOOF = Message().with_headers(("From", " ceo@example.com"), *Message().headers[2:])


def policy(text):
    return "policies: { submission: { " + text + " }; };\n"


def test_quarantine(start_daemon):
    gate = start_daemon(policy('from: { action = "quarantine"; };'))
    outcome = gate.play(SPOOF)
    assert outcome.reply.code == 2, outcome
    held = [edit.value for edit in outcome.edits if edit.kind == QUARANTINE]
    assert len(held) == 1 and held[0].endswith(b"\0") and b"[from.not-owned " in held[0]
    assert all(32 <= byte < 127 for byte in held[0][:-1])
    record = gate.record()
    assert (record["action"], record["rule"], record["reason"]) == ("quarantine", "from", "not-owned")
    gate.check_signed(gate.play())
    gate.record()


def test_quarantine_where_the_mta_cannot(start_daemon):
    """It must not go out instead."""
    gate = start_daemon(policy('from: { action = "quarantine"; };'))
    try:
        outcome = gate.play(SPOOF, actions=F_ALL & ~F_QUARANTINE)
    except (ConnectionClosed, ProtocolError):
        return
    assert outcome.reply.code == 4, outcome


@pytest.mark.parametrize("rule, message, client", [
    ("from", SPOOF, Client()),
    ("tls", Message(), Client(tls=("TLSv1", "X", "256"))),
    ("envelope", Message(mail_from="<ceo@example.com>"), Client()),
    ("header_once", Message().plus(("Subject", " again")), Client()),
    ("body_syntax", Message(body=b"a\nb\r\n"), Client())])
def test_tempfail(start_daemon, rule, message, client):
    """A 4xx text with SMFIS_REJECT would be dropped silently by libmilter: code and action agree."""
    gate = start_daemon(policy(rule + ': { action = "tempfail"; };'))
    outcome = gate.play(message, client)
    assert outcome.reply.text.startswith("45") and f"[{rule}." in outcome.reply.text, outcome
    record = gate.record()
    assert (record["action"], record["rule"]) == ("tempfail", rule)


def test_observed_only(start_daemon):
    """Every rule is asked and none refuses; what each would have done is in the record."""
    gate = start_daemon(policy(" ".join(
        f'{rule}: {{ mode = "observe"; }};'
        for rule in ("tls", "auth", "envelope", "from", "header_once"))))
    message = SPOOF.plus(("Subject", " again"))
    outcome = gate.play(message, Client(tls=None))
    assert outcome.reply.code == 2, outcome
    record = gate.record()
    assert record["action"] in ("accept", "fix")
    verdicts = {verdict["rule"]: verdict for verdict in record["verdicts"]}
    for rule in ("tls", "from", "header_once"):
        assert verdicts[rule]["mode"] == "observe", verdicts[rule]
        assert verdicts[rule]["outcome"] == "violation", verdicts[rule]


def test_a_domain_of_ours_without_a_key(start_daemon):
    message = Message(mail_from="<alice@nokey.example>").with_headers(
        ("From", " alice@nokey.example"), *Message().headers[2:])
    client = Client(login="alice@nokey.example")
    gate = start_daemon(config=CONFIG.replace('"example.org"', '"nokey.example"'))
    outcome = gate.play(message, client)
    assert outcome.reply.text.startswith("451 4.7.5 "), outcome
    assert gate.record()["rule"] == "dkim"
    gate.check_signed(gate.play())
    gate.record()
    before = gate.daemon.records()[-1]["config"]
    gate.daemon.configure(policy('dkim: { on_missing_key = "accept"; };'))
    gate.daemon.reload()
    gate.wait_for_config(before)
    outcome = gate.play(message, client)
    assert outcome.accepted and not outcome.edits, outcome
    assert gate.record()["signatures"] == []


def test_another_domain_of_ours(gate):
    message = Message(mail_from="<alice@example.org>").with_headers(
        ("From", " alice@example.org"), *Message().headers[2:])
    outcome = gate.play(message, Client(login="alice@example.org"))
    gate.check_signed(outcome, message, domain="example.org")
    gate.record()


def test_a_foreign_from_is_never_signed(gate):
    """Refused, as it is nobody's here."""
    message = Message(mail_from="<alice@example.net>").with_headers(
        ("From", " alice@example.net"), *Message().headers[2:])
    outcome = gate.play(message)
    assert outcome.reply.code == 5, outcome
    gate.record()
