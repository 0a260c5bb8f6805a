"""Every odd byte in names and values of fields, in envelope and HELO."""

import pytest

from harness.milter_mta import Client, Message, Player
from harness.milter_wire import HEADER, packet_of

NAME_BYTES = set(range(33, 127)) - {ord(":")}

# Some readers pass over these in a field's name, so that they see the field that is left.
SPECIALS = set(b'()<>[]"\\,;@.')


def odd(byte):
    return bytes([byte])


@pytest.mark.parametrize("byte", range(1, 256))
def test_a_byte_in_a_fields_name(gate, byte):
    """RFC 5322 allows 33 to 126 but the colon; all else is read differently by different readers."""
    for name in (b"X" + odd(byte) + b"Y", odd(byte) + b"XY", b"XY" + odd(byte)):
        message = Message().plus((name, " v"))
        outcome = gate.play(message)
        gate.record()
        if byte in NAME_BYTES:
            gate.check_signed(outcome, message)
        else:
            assert outcome.reply.text.startswith("554 5.6.0 "), outcome


@pytest.mark.parametrize("byte", range(1, 256))
def test_a_second_from_by_another_spelling(gate, byte):
    for name in (odd(byte) + b"From", b"From" + odd(byte), b"Fr" + odd(byte) + b"om"):
        message = Message().plus((name, " ceo@example.com"))
        outcome = gate.play(message)
        gate.record()
        if byte in NAME_BYTES - SPECIALS:
            gate.check_signed(outcome, message)
        else:
            assert outcome.reply.code == 5, (name, outcome)


CONTROLS = sorted(set(range(1, 32)) - {ord("\t")}) + [127]


@pytest.mark.parametrize("byte", CONTROLS)
@pytest.mark.parametrize("name", ["X-Filler", "Subject", "From"])
def test_a_control_character_in_a_value(gate, byte, name):
    headers = [field for field in Message().headers if field[0] != name]
    value = b" a" + odd(byte) + b"b <alice@example.com>"
    outcome = gate.play(Message().with_headers(*headers, (name, value)))
    assert outcome.reply.code == 5, outcome
    gate.record()


@pytest.mark.parametrize("byte", range(128, 256))
def test_an_8_bit_byte_in_a_value(gate, byte):
    for value in (b" caf" + odd(byte), b" caf" + odd(byte) + b"\x80", b" \xc3" + odd(byte)):
        message = Message().plus(("X-Filler", value))
        gate.check_safe(gate.play(message), message)
        gate.record()


@pytest.mark.parametrize("value", [
    b" a\r\n b", b" a\n b", b" a\n\tb", b" a\n", b" a\n\n b", b" a\n \n b", b" a\r\n\r\n b",
    b" a\r b", b" a\nb", b" a\nFrom: ceo@example.com", b" a\r\nBcc: x@example.net", b"\n b", b"\r",
    b"\n", b" a\n\r\n b", b" a\r\r\n b", b" a\n b\n", b" \n \n", b"\t\n\tb"], ids=repr)
def test_folds_of_every_kind(gate, value):
    """Folds of LF or CRLF and a blank are folds; a line end that no blank follows is none."""
    message = Message().plus(("X-Filler", value))
    outcome = gate.play(message)
    if value.replace(b"\r\n", b"\n") in (b" a\n b", b" a\n\tb"):
        gate.check_signed(outcome, message)
    else:
        gate.check_safe(outcome, message)
        if b"\nb" in value or b"\nFrom" in value or b"\nBcc" in value:
            assert outcome.reply.code == 5
    gate.record()


@pytest.mark.parametrize("data", [
    b"X-A\0 v\0 more\0", b"X-A\0 v\0\0\0\0", b"X-\0A\0 v\0", b"Subject\0 a\0From\0 ceo@example.com\0"],
    ids=repr)
def test_nul_within_a_field(abused_gate, data):
    """The MTA cuts a value at its NUL. What stands behind it is not part of the message."""
    player = abused_gate.player()
    message = Message()
    player.mail(message)
    player.rcpt(message.rcpts[0])
    player.data()
    player.session.packet(HEADER, data)
    player.header("From", " alice@example.com")
    player.eoh()
    reply = player.eom()
    if reply.code == 2:
        assert len([e for e in reply.edits if e.name == b"DKIM-Signature"]) == 2
    assert not [e for e in reply.edits if b"ceo" in e.value]


@pytest.mark.parametrize("byte", range(1, 256))
def test_a_byte_in_the_envelope(gate, byte):
    for place in (b"<al" + odd(byte) + b"ice@example.com>", b"<alice@exam" + odd(byte) + b"ple.com>",
                  b"<alice@example.com" + odd(byte) + b">", odd(byte), b"<" + odd(byte)):
        player = gate.player()
        reply = player.mail(Message(mail_from=place))
        if reply and reply.code != 2:
            assert reply.code in (4, 5)
            assert all(32 <= char < 127 for char in reply.data[:-1]), reply
            gate.record()


@pytest.mark.parametrize("value", [
    b"a\nFrom: ceo", b"\x1b[2J\x1b]0;x\x07", b"\xff\xfe", b"%s%n%x", b"\"},{\"a\":\"",
    b"\\\\\"", b"</script>", b"\xe2\x80\xa8\xe2\x80\xae", b" ", b"=", b"x" * 70_000], ids=repr)
def test_what_the_client_says_of_itself(gate, value):
    """It lands in a record as one value on one line, whatever it is."""
    client = Client(name=value.decode("latin-1"), helo=value.decode("latin-1"),
                    macros={"{client_name}": value, "{client_ptr}": value})
    player = Player(gate.session(), client)
    player.queue_id = "4Q"
    player.open()
    gate.check_signed(player.message())
    record = gate.record()
    assert record["action"] == "accept"
    assert len(record["helo"]) <= 1100
    line = gate.daemon.records_file.read_bytes().splitlines()[-1]
    assert not [byte for byte in line if byte < 32 or byte == 127]
