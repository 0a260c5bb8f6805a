"""Large and tiny: fields, header blocks, bodies and their chunks, recipients. Each gets an answer
that is defined, and what goes through is signed as it stands."""

import random

import pytest

from harness.milter_mta import Message, Outcome, Player
from harness.milter_wire import BODY_CHUNK, EOM

POSTFIX_FIELD = 102400  # header_size_limit


def folded(size, line=900):
    """Words in lines that are not over-long."""
    words = (" " + "x" * 60) * (line // 61)
    count = size // (len(words) + 1) + 1
    return "\n".join([words] * count)[:size]


@pytest.mark.parametrize("size", [10_000, 60_000, 65_520, 65_535, 65_536, POSTFIX_FIELD, 500_000])
def test_one_large_field(gate, size):
    message = Message().plus(("References", folded(size)))
    outcome = gate.play(message)
    gate.check_safe(outcome, message)
    record = gate.record()
    assert record["action"] in ("accept", "fix", "reject")


@pytest.mark.parametrize("name", ["From", "Subject", "To", "Message-ID", "Sender", "Received",
                                  "Authentication-Results", "DKIM-Signature", "X" * 70_000])
def test_a_field_of_any_name(gate, name):
    headers = [field for field in Message().headers if field[0] != name]
    for value in (" " + "x" * (POSTFIX_FIELD - 1), folded(POSTFIX_FIELD), " (" * 51200,
                  " \"" + "\\\\" * 51000, " <" + "@a," * 34000, " =?utf-8?q?" + "a" * 100_000 + "?="):
        message = Message().with_headers(*headers, (name, value))
        gate.check_safe(gate.play(message), message)
        gate.record()


def test_a_second_from_behind_100_kb(gate):
    message = Message().plus(("X-Filler", folded(POSTFIX_FIELD)), ("From", " ceo@example.com"))
    assert gate.play(message).reply.code == 5
    gate.record()


@pytest.mark.parametrize("size", [100_000, 1_000_000, 3_000_000])
def test_a_header_block_of(gate, size):
    field = folded(60_000)
    message = Message().plus(*[("X-Filler", field)] * (size // 60_000))
    gate.check_safe(gate.play(message), message)
    gate.record()


@pytest.mark.parametrize("count", [100, 500, 1000, 10_000, 20_000])
@pytest.mark.parametrize("name", ["X-Filler", "Cc", "Received", "X-Spam-Status"])
def test_many_fields(gate, count, name):
    message = Message().plus(*[(name, " v")] * count)
    gate.check_safe(gate.play(message), message)
    gate.record()


def test_ten_thousand_fields_do_not_hide_a_second_from(gate):
    message = Message().plus(*[("X-Filler", " v")] * 10_000, ("From", " ceo@example.com"))
    assert gate.play(message).reply.code == 5
    gate.record()


@pytest.mark.parametrize("field", [("Subject", ""), ("Subject", " "), ("X", "v"),
                                   ("Comments", "\n "), ("To", "")], ids=repr)
def test_empty_values(gate, field):
    headers = [other for other in Message().headers if other[0] != field[0]]
    message = Message().with_headers(*headers, field)
    gate.check_safe(gate.play(message), message)
    gate.record()


TEXT = b"".join(b"line %d of the body, \xc3\xa9\r\n" % number for number in range(40))


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 1000])
def test_tiny_chunks(gate, chunk):
    """CR and LF, and the blank lines at the end, are cut apart somewhere."""
    for body in (TEXT, b"a\r\n\r\n\r\n", b"\r\n", b"a  \t b \r\n c\t\r\n\r\n", b"no end"):
        message = Message(body=body, chunk=chunk)
        outcome = gate.play(message)
        if body.endswith(b"no end"):
            message.body += b"\r\n"  # as the MTA sends it
        gate.check_signed(outcome, message)
        gate.record()


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_smuggling_cut_between_chunks(gate, chunk):
    for body in (b"a\n.\r\nb\r\n", b"a\r\n.\nb\r\n", b"a\r.\rb\r\n", b"a\rb\r\n", b"a\nb\r\n",
                 b"a\0b\r\n", b"a\r", b"\n"):
        outcome = gate.play(Message(body=body, chunk=chunk))
        assert outcome.reply.text.startswith("554 5.6.0 "), (body, outcome)
        gate.record()


@pytest.mark.parametrize("at", range(8))
def test_crlf_across_every_cut(gate, at):
    body = b"one\r\n\r\ntwo\r\n"
    player = gate.player()
    message = Message(body=body)
    player.begin(message)
    player.session.body(body[:at + 2])
    player.session.body(body[at + 2:])
    gate.check_signed(Outcome(EOM, player.eom()), message)
    gate.record()


@pytest.mark.parametrize("size", [BODY_CHUNK - 1, BODY_CHUNK, BODY_CHUNK + 1, 1_000_000, 12_000_000])
def test_large_bodies(gate, size):
    line = b"0123456789abcdef" * 4 + b"\r\n"
    message = Message(body=b"x" * (size % len(line)) + line * (size // len(line)))
    gate.check_signed(gate.play(message), message)
    assert gate.record()["size"] >= size


def test_a_body_of_random_bytes(gate):
    """8-bit text of any kind, without NUL, bare CR and bare LF."""
    chance = random.Random(3)
    body = bytes(chance.choice(range(128, 256)) if chance.random() < .5 else chance.choice(
        range(32, 127)) for _ in range(20_000)) + b"\r\n"
    message = Message(body=body, chunk=777)
    gate.check_signed(gate.play(message), message)
    gate.record()


def test_one_line_of_a_megabyte(gate):
    message = Message(body=b"x" * 1_000_000 + b"\r\n")
    gate.check_safe(gate.play(message), message)
    gate.record()


@pytest.mark.parametrize("count", [1, 50, 1000])
def test_recipients(gate, count):
    message = Message(rcpts=tuple(f"<r{number}@example.net>" for number in range(count)))
    outcome = gate.play(message)
    gate.check_signed(outcome, message)
    refused = [reply for reply in outcome.rcpts if reply and reply.code != 2]
    *refusals, whole = gate.records(len(refused) + 1)
    assert whole["rcpt_count"] == count - len(refused)
    for record in refusals:
        assert record["rule"] == "recipients" and record["reply"].startswith("452 4.5.3")


def test_long_envelope_addresses(gate):
    for size in (300, 1000, 10_000, 60_000, 200_000):
        for sender, rcpt in (("<" + "a" * size + "@example.com>", "<bob@example.net>"),
                             ("<alice@example.com>", "<" + "b" * size + "@example.net>"),
                             ("<alice@" + "a." * (size // 2) + "com>", "<bob@example.net>")):
            message = Message(mail_from=sender, rcpts=(rcpt,))
            gate.check_safe(gate.play(message), message)
            gate.record()


def test_long_names_of_the_client(gate):
    for size in (255, 1000, 60_000):
        player = Player(gate.session())
        player.client.name = "n" * size
        player.client.helo = "h" * size
        player.open()
        gate.check_signed(player.message())
        assert len(gate.record()["helo"]) <= 1100, "long values are cut in the record"


def test_many_parameters_of_mail(gate):
    message = Message(mail_parameters=tuple(f"X-P{n}=v" for n in range(1000)))
    gate.check_signed(gate.play(message))
    gate.record()
