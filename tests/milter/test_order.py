"""Commands in orders that no MTA should send. Whatever is answered, no message leaves unsigned, and
the daemon serves the next one."""

import random

import pytest

from harness.milter_mta import Client, Message, Player
from harness.milter_wire import (ADDHEADER, CHGHEADER, FINAL, INSHEADER, P_HDR_LEADSPC,
                                 ConnectionClosed, macro_packet, packet_of, strings)

QUEUE_ID = "4XyZ7D1mBnz9sQ"
VALUES = Client().values(QUEUE_ID)


def macros(stage, *names):
    return macro_packet(stage, {name: VALUES[name] for name in names})


CONNECT = macros("C", "{daemon_name}", "{daemon_port}", "{client_addr}") + packet_of(
    "C", b"client.example.net\x004\xa1\x02192.0.2.7\0")
HELO = macros("H", "{tls_version}", "{cipher}", "{cipher_bits}") + packet_of(
    "H", b"laptop.example.net\0")
MAIL = macros("M", "{tls_version}", "{cipher}", "{cipher_bits}", "{auth_type}",
              "{auth_authen}") + packet_of("M", b"<alice@example.com>\0")
RCPT = packet_of("R", b"<bob@example.net>\0")
DATA = macros("T", "i") + packet_of("T")
FROM = packet_of("L", strings("From", " alice@example.com"))
SUBJECT = packet_of("L", strings("Subject", " lunch")) + packet_of(
    "L", strings("Date", " Sat, 21 Nov 2026 10:00:00 +0000")) + packet_of(
        "L", strings("Message-ID", " <20261121.1@example.com>"))
EVIL_FROM = packet_of("L", strings("From", " ceo@example.com"))
EOH = packet_of("N")
BODY = packet_of("B", b"Shall we?\r\n")
EOM = packet_of("E")
ABORT = packet_of("A")
QUIT = packet_of("Q")
QUIT_NC = packet_of("K")
UNKNOWN = packet_of("U", b"XYZZY 1\0")
MESSAGE = MAIL + RCPT + DATA + FROM + SUBJECT + EOH + BODY + EOM
ALL = {"connect": CONNECT, "helo": HELO, "mail": MAIL, "rcpt": RCPT, "data": DATA, "from": FROM,
       "subject": SUBJECT, "eoh": EOH, "body": BODY, "eom": EOM, "abort": ABORT,
       "unknown": UNKNOWN, "quit_nc": QUIT_NC}


# libmilter's own state machine: which command may follow which. What may not follow, but could follow
# HELO, aborts the message before it; anything else that may not follow aborts it and gets no answer.
NEXT = {"O": "CU", "C": "HMU", "H": "HMU", "M": "RU", "R": "TLNBERU", "T": "LN", "L": "LNBE", "N": "BE",
        "B": "BE", "E": "MUK", "U": "HMRTBUK", "A": "HMRTBUK", "K": "CU"}


def paired(packets, replies):
    """The commands among these packets that libmilter answers when every stage wants a reply, each
    with its reply."""
    state = "O"
    stream = b"".join(packets)
    replies = iter(replies)
    while stream:
        size = int.from_bytes(stream[:4], "big")
        command, stream = stream[4:5].decode(), stream[4 + size:]
        if command == "Q":
            break
        if command == "D":
            continue
        if command == "A" and state in "MRTLNBUA":
            state = "A"
            continue
        if command not in NEXT[state]:
            state = "H"
            if command not in NEXT[state]:
                continue
        if command == "B" and size == 1 or command == "E" and size > 1:
            break  # taken for a broken peer: it closes
        state = command
        if command != "K":
            reply = next(replies, None)
            assert reply, f"no answer to {command}"
            yield command, reply
            if not reply.goes_on and command != "R":
                state = "H"  # the message has ended
    assert not list(replies), "more answers than commands"


def transcript(gate, *packets):
    """Sends all at once, then QUIT, and reads every reply up to the end of the connection."""
    replies = []
    with gate.session(protocol=P_HDR_LEADSPC) as session:
        try:
            session.raw(b"".join(packets) + QUIT)
            while True:
                replies.append(session.read_reply())
        except (ConnectionClosed, BrokenPipeError):
            pass
    return list(paired(packets, replies))


def check_signed_or_nothing(answers):
    """Every message that was let through carries both signatures."""
    for command, reply in answers:
        assert reply.command in FINAL
        assert reply.command not in "df", "no mail is discarded, no connection made to fail"
        assert reply.command != "a" or command == "E", "nothing is let by unseen"
        assert command == "E" or not reply.edits
        for edit in reply.edits:
            assert edit.kind in (ADDHEADER, INSHEADER, CHGHEADER, "q")
        signed = len([edit for edit in reply.edits if edit.name == b"DKIM-Signature"])
        assert signed == (2 if command == "E" and reply.code == 2 else 0), reply


def went_through(answers):
    return sum(command == "E" and reply.code == 2 for command, reply in answers)


GOOD = {
    "as it should be": (CONNECT, HELO, MESSAGE),
    "no HELO": (CONNECT, MESSAGE),
    "two HELOs": (CONNECT, HELO, HELO, MESSAGE),
    "an abort where no message is": (CONNECT, HELO, ABORT, ABORT, MESSAGE),
    "MAIL, abort, MAIL": (CONNECT, HELO, MAIL, ABORT, MESSAGE),
    "a message begun and left for another without abort": (
        CONNECT, HELO, MAIL, RCPT, DATA, EVIL_FROM, SUBJECT, MESSAGE),
    "an end of message left for another": (
        CONNECT, HELO, MAIL, RCPT, DATA, EVIL_FROM, EOH, BODY, ABORT, MESSAGE),
    "two MAILs": (CONNECT, HELO, MAIL, MESSAGE),
    "no DATA": (CONNECT, HELO, MAIL, RCPT, FROM, SUBJECT, EOH, BODY, EOM),
    "no body": (CONNECT, HELO, MAIL, RCPT, DATA, FROM, SUBJECT, EOH, EOM),
    "unknown commands everywhere": (
        CONNECT, UNKNOWN, HELO, UNKNOWN, MAIL, UNKNOWN, RCPT, UNKNOWN, DATA, FROM, SUBJECT, EOH,
        BODY, EOM),
    "a new connection on the same socket": (
        CONNECT, HELO, MESSAGE, QUIT_NC, CONNECT, HELO, MESSAGE),
}


@pytest.mark.parametrize("case", GOOD)
def test_odd_but_whole(gate, case):
    replies = transcript(gate, *GOOD[case])
    check_signed_or_nothing(replies)
    messages = 2 if "same socket" in case else 1
    assert went_through(replies) == messages
    for record in gate.records(messages):
        assert record["action"] == "accept"
        assert "ceo@example.com" not in record["from"]


BAD = {
    "an empty body": (CONNECT, HELO, MAIL, RCPT, DATA, FROM, EOH, packet_of("B"), EOM),
    "the body in the last packet": (
        CONNECT, HELO, MAIL, RCPT, DATA, FROM, EOH, packet_of("E", b"text\r\n")),
    "nothing but QUIT": (),
    "MAIL without CONNECT": (MESSAGE,),
    "RCPT without MAIL": (CONNECT, HELO, RCPT, DATA, FROM, EOH, BODY, EOM),
    "DATA without RCPT": (CONNECT, HELO, MAIL, DATA, FROM, EOH, BODY, EOM),
    "a field without RCPT": (CONNECT, HELO, MAIL, FROM, EOH, BODY, EOM),
    "a field without MAIL": (CONNECT, HELO, FROM, EOH, BODY, EOM),
    "a field first of all": (FROM, SUBJECT, EOH, BODY, EOM),
    "end of message first of all": (EOM,),
    "end of message after CONNECT": (CONNECT, EOM),
    "end of message after MAIL": (CONNECT, HELO, MAIL, EOM),
    "end of message after RCPT": (CONNECT, HELO, MAIL, RCPT, EOM),
    "end of message after DATA": (CONNECT, HELO, MAIL, RCPT, DATA, EOM),
    "end of message without end of header": (CONNECT, HELO, MAIL, RCPT, DATA, FROM, EOM),
    "body without end of header": (CONNECT, HELO, MAIL, RCPT, DATA, FROM, BODY, EOM),
    "body right after RCPT": (CONNECT, HELO, MAIL, RCPT, BODY, EOM),
    "body first of all": (BODY, EOM),
    "end of header without fields": (CONNECT, HELO, MAIL, RCPT, DATA, EOH, BODY, EOM),
    "end of header twice": (CONNECT, HELO, MAIL, RCPT, DATA, FROM, EOH, EOH, BODY, EOM),
    "fields after end of header": (
        CONNECT, HELO, MAIL, RCPT, DATA, FROM, EOH, EVIL_FROM, BODY, EOM),
    "fields after the body": (
        CONNECT, HELO, MAIL, RCPT, DATA, FROM, EOH, BODY, EVIL_FROM, BODY, EOM),
    "RCPT after the fields": (CONNECT, HELO, MAIL, RCPT, DATA, FROM, RCPT, EOH, BODY, EOM),
    "end of message twice": (CONNECT, HELO, MESSAGE, EOM),
    "body after end of message": (CONNECT, HELO, MESSAGE, BODY, EOM),
    "CONNECT twice": (CONNECT, CONNECT, HELO, MESSAGE),
    "CONNECT within a message": (CONNECT, HELO, MAIL, RCPT, CONNECT, HELO, MESSAGE),
    "HELO within a message": (CONNECT, HELO, MAIL, RCPT, HELO, MESSAGE),
    "HELO within the header": (CONNECT, HELO, MAIL, RCPT, DATA, FROM, HELO, MESSAGE),
    "new connection within a message": (
        CONNECT, HELO, MAIL, RCPT, DATA, EVIL_FROM, QUIT_NC, CONNECT, HELO, MESSAGE),
    "new connection first of all": (QUIT_NC, CONNECT, HELO, MESSAGE),
    "new connection without CONNECT": (CONNECT, HELO, MESSAGE, QUIT_NC, MESSAGE),
    "new connections only": (QUIT_NC,) * 50,
    "aborts only": (ABORT,) * 50,
    "commands after QUIT": (CONNECT, HELO, QUIT, MESSAGE),
    "every command backwards": tuple(reversed(ALL.values())),
}


@pytest.mark.parametrize("case", BAD)
def test_what_no_mta_should_send(abused_gate, case):
    check_signed_or_nothing(transcript(abused_gate, *BAD[case]))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("without", ["unknown", "quit_nc"])
def test_commands_in_random_order(abused_gate, seed, without):
    """Unknown commands and new connections apart: the model above does not hold for both at once."""
    chance = random.Random(seed)
    some = [name for name in ALL if name != without]
    for _ in range(10):
        names = chance.choices(some, k=chance.randint(3, 40))
        check_signed_or_nothing(transcript(abused_gate, *(ALL[name] for name in names)))


@pytest.mark.parametrize("seed", range(10))
def test_a_good_message_with_strange_commands_between(abused_gate, seed):
    chance = random.Random(1000 + seed)
    for _ in range(10):
        packets = [CONNECT, HELO, MAIL, RCPT, DATA, FROM, SUBJECT, EOH, BODY, EOM]
        for _ in range(chance.randint(1, 4)):
            packets.insert(chance.randint(0, len(packets)), chance.choice(list(ALL.values())))
        check_signed_or_nothing(transcript(abused_gate, *packets))


def test_no_fact_of_a_message_lasts(gate):
    """From, recipients, body and login of an earlier message are not the next one's."""
    player = gate.player()
    first = Message(rcpts=("<a@example.net>", "<b@example.net>", "<c@example.net>"))
    gate.check_signed(player.message(first), first)
    assert gate.record()["rcpt_count"] == 3
    gate.check_signed(player.message())
    assert gate.record()["rcpt_count"] == 1
    player.client = Client(login="bob@example.com")
    outcome = player.message()
    assert outcome.reply.code == 5, outcome
    assert gate.record()["login"] == "bob@example.com"


def test_a_new_connection_inherits_nothing(gate):
    """QUIT_NC: the second client did neither log in nor start TLS, and comes without a HELO."""
    player = gate.player()
    gate.check_signed(player.message())
    gate.record()
    player.session.quit_nc()
    anonymous = Player(player.session, Client(login=None, tls=None, address="198.51.100.9"))
    anonymous.connect()
    outcome = anonymous.message()
    assert outcome.reply.code == 5 and outcome.reply.text.startswith("530 5.7.0"), outcome
    record = gate.record()
    assert not record["login"] and not record["tls_version"] and not record["helo"]
    assert record["client"] != "192.0.2.7"


def test_many_messages_on_one_connection(gate):
    player = gate.player()
    for number in range(200):
        message = Message(rcpts=(f"<r{number}@example.net>",))
        outcome = player.message(message)
        assert outcome.accepted
        if number % 50 == 0:
            gate.check_signed(outcome, message)
    assert len({record["id"] for record in gate.records(200)}) == 200


def test_many_new_connections_on_one_socket(gate):
    player = gate.player()
    for _ in range(50):
        gate.check_signed(player.message())
        player.session.quit_nc()
        player.open()
    gate.records(50)


