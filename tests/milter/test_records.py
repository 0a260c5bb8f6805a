"""One JSON line for each message and each refused command, complete, and unforgeable."""

import base64
import dataclasses
import json
import re
import time

import pytest

from harness.milter_mta import Client, Message

KEYS = """id time queue_id listener policy config client helo tls_version cipher auth_mech login
    mail_from rcpt_count from message_id message_id_old size action rule reason reply verdicts edits
    signatures usec smtp mta_host rcpts header""".split()


def test_every_key_of_a_message(gate):
    message = Message()
    gate.check_signed(gate.play(message), message)
    record = gate.record()
    assert set(KEYS) <= set(record)
    assert re.fullmatch(r"[0-9A-Z]{26}", record["id"])
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", record["time"])
    assert record["queue_id"] == "4XyZ7D1mBnz9sQ"
    assert record["listener"] == record["policy"] == "submission"
    assert "192.0.2.7" in record["client"]
    assert record["helo"] == "laptop.example.net"
    assert (record["tls_version"], record["cipher"]) == ("TLSv1.3", "TLS_AES_256_GCM_SHA384")
    assert (record["auth_mech"], record["login"]) == ("PLAIN", "alice@example.com")
    assert record["mail_from"].strip("<>") == "alice@example.com"
    assert record["rcpt_count"] == 1
    assert "alice@example.com" in record["from"]
    assert record["message_id"].strip("<>") == "20261121.1@example.com"
    assert (record["action"], record["rule"], record["reason"]) == ("accept", None, None)
    assert not record["reply"] and record["edits"] == []
    assert len(record["signatures"]) == 2
    assert isinstance(record["usec"], int) and 0 < record["usec"] < 60_000_000
    assert record["verdicts"]


def test_verdicts_name_every_rule_that_was_asked(gate):
    gate.play()
    verdicts = gate.record()["verdicts"]
    text = json.dumps(verdicts)
    for rule in ("tls", "auth", "envelope", "from", "sender", "display_name", "header_syntax",
                 "header_once", "header_injection", "trust_headers", "body_syntax", "message_id",
                 "date", "recipients", "dkim"):
        assert f'"{rule}"' in text, rule
    assert '"display_name"' in text and "observe" in text


@pytest.mark.parametrize("stage, message, client", [
    ("MAIL", Message(mail_from="<ceo@example.com>"), Client()),
    ("MAIL", Message(), Client(login=None)),
    ("message", Message().with_headers(("From", " ceo@example.com")), Client()),
], ids=str)
def test_refusals(gate, stage, message, client):
    outcome = gate.play(message, client)
    assert outcome.stage == ("M" if stage == "MAIL" else "E")
    record = gate.record()
    assert set(KEYS) <= set(record)
    assert record["action"] == "reject" and record["signatures"] == []
    assert record["reply"] == outcome.reply.text


def test_refused_commands_one_after_the_other(gate):
    player = gate.player()
    for _ in range(5):
        assert player.message(Message(mail_from="<ceo@example.com>")).reply.code == 5
    gate.check_signed(player.message())
    *refused, last = gate.records(6)
    assert {record["action"] for record in refused} == {"reject"}
    assert last["action"] == "accept"
    assert len({record["id"] for record in refused}) == 5


def test_ids_sort_by_time(gate):
    for _ in range(3):
        gate.play()
        time.sleep(0.003)
    ids = [record["id"] for record in gate.records(3)]
    assert ids == sorted(ids)


def test_the_old_message_id(gate):
    message = Message().with_headers(*[f for f in Message().headers if f[0] != "Message-ID"],
                                     ("Message-ID", " malformed"))
    gate.check_safe(gate.play(message), message)
    record = gate.record()
    if record["action"] == "fix":
        assert record["message_id_old"].strip() == "malformed"
        assert record["message_id"] != record["message_id_old"]


KEPT = {"from", "sender", "resent-from", "resent-sender", "message-id", "date"}


def test_what_the_decision_stood_on(gate):
    message = Message(rcpts=["<bob@example.net>", "<carol@example.org>"])
    gate.check_signed(gate.play(message), message)
    record = gate.record()
    assert record["smtp"] is True and record["mta_host"] == "mx.example.com"
    assert record["rcpts"] == list(message.rcpts)
    assert record["header"] == [[name, value if name.lower() in KEPT else None]
                                for name, value in message.headers]
    assert record["body"] == dict.fromkeys(["nul", "bare_cr", "bare_lf", "early_end"], False) | {
        "cut_short": None}
    assert record["own_signature"] == "absent"
    assert not {"exact", "header_cut", "mta", "cert_issuer"} & set(record)


def test_what_is_no_text_is_kept_in_base64(gate):
    login, long = b"al\xffice", b"<" + b"x" * 1200 + b"@example.com>"
    player = gate.player(Client(login=login))
    player.message(Message(mail_from=long))
    exact = gate.record()["exact"]
    assert base64.b64decode(exact["login"]) == login
    assert base64.b64decode(exact["mail_from"]) == long


def test_fields_that_are_no_text(gate):
    value = b" Alice \xe4 <alice@example.com>" + b" " * 2000
    gate.play(Message().plus((b"S\xffender", value), (b"Sender", value), (b"X-\xfe", b" \xfd")))
    *_, first, second, third = gate.record()["header"]
    assert first[:2] == ["S\ufffdender", None]
    assert [base64.b64decode(item) for item in first[2:]] == [value, b"S\xffender"]
    assert second[:2] == ["Sender", None] and base64.b64decode(second[2]) == value
    assert third == ["X-\ufffd", None, None, base64.b64encode(b"X-\xfe").decode()]


def test_a_huge_header_is_cut(gate):
    stranger = Client(login=None, tls=None, address="203.0.113.5", port=25)  # who is asked for no header_syntax
    outside = {"mail_from": "<x@example.net>", "headers": (("From", " x@example.net"),)}
    gate.play(Message(**outside).plus(*[(f"X-{number}", " v") for number in range(1200)]), stranger)
    gate.play(Message(**outside).plus(*[("Sender", " x" * 10000)] * 10), stranger)
    many, large = gate.records(2)
    assert many["header_cut"] is large["header_cut"] is True
    assert len(many["header"]) == 1000 and many["fields"] == 1201
    assert len(json.dumps(large["header"])) < 66000


def test_a_header_beyond_the_caps_is_cut(gate):
    many = [(f"X-{number}", " v") for number in range(500)]
    gate.play(dataclasses.replace(Message(), headers=(*many, *Message().headers)))
    record = gate.record()
    assert record["header_cut"] and len(record["header"]) == 500
    assert record["fields"] == 500 + len(Message().headers)
    assert record["reason"] == "too-many-fields" and not record["from"]
    assert not {"from", "date", "message_id"} & {verdict["rule"] for verdict in record["verdicts"]}


@pytest.mark.parametrize("length, signed", [(1 << 20, True), ((1 << 20) + 1, False), (9 << 20, False)])
def test_a_line_that_no_server_sends_whole_is_not_signed(gate, length, signed):
    """An attachment of a careless program: base64 in one line. What takes it away is the MTA's limit, not ours."""
    message = dataclasses.replace(Message(), body=b"Hello\r\n" + b"x" * length + b"\r\n")
    assert gate.player().message(message).accepted
    record, = gate.records(1)
    assert record["action"] == "accept" and "fault" not in record
    assert bool(record.get("signatures")) == signed
    assert ("a line of its body has more than 1 MB" in record.get("not_signed", "")) != signed


def test_neither_subject_nor_body(gate):
    gate.play(Message(body=b"the secret word\r\n").plus(("X-Filler", " another secret word")))
    record = json.dumps(gate.record())
    assert "lunch" not in record and "secret word" not in record


FORGERIES = ['","action":"accept', "a\nb", "a\r\n{\"id\":1}", "\x1b[2K\x1b[1A", "\u2028", "\u202e", "\x85",
             "\\", "\\u0000", "\udcff", "\x7f", "'", "😀", "x" * 5000]


@pytest.mark.parametrize("text", FORGERIES, ids=ascii)
def test_no_value_leaves_its_place(gate, text):
    """Whatever stands in them: one line, strict JSON, the same keys, no control characters."""
    raw = text.encode("utf-8", "surrogateescape")
    client = Client(helo=raw, name=raw, macros={"{cipher}": raw, "i": raw, "{auth_type}": raw})
    player = gate.player(client)
    player.message(Message(mail_from=b"<" + raw + b"@example.com>"))
    player.client.macros = {"i": raw}
    player.message(Message().plus(("Message-ID", raw), ("Sender", raw), ("X" + text[:0], " v")))
    gate.records(2)
    for line in gate.daemon.records_file.read_bytes().split(b"\n")[-3:-1]:
        record = json.loads(line.decode("utf-8"), parse_constant=lambda word: 1 / 0)
        assert set(KEYS) <= set(record)
        shown = line.decode("utf-8")
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", shown)
        assert record["action"] != "accept" or record["signatures"]
