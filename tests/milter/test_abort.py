"""Messages that end before their end: aborted, quit, cut off; at every stage."""

import pytest

from daemon import CONFIG
from harness.milter_mta import EOM, Message, Outcome, Player
from harness.milter_wire import packet_of, strings

STAGES = ["connect", "helo", "mail", "rcpt", "data", "header", "eoh", "body"]

# What would spoil the next message if it stayed.
EVIL = Message(rcpts=("<x@example.net>",) * 3).with_headers(
    ("From", " alice@example.com"), ("Subject", " one"), ("Subject", " two"), ("Sender", " x@y"))


def play_until(player, stage):
    """The commands up to and with this stage."""
    steps = {
        "connect": player.connect,
        "helo": player.helo,
        "mail": lambda: player.mail(EVIL),
        "rcpt": lambda: [player.rcpt(rcpt) for rcpt in EVIL.rcpts],
        "data": player.data,
        "header": lambda: [player.header(*field) for field in EVIL.headers],
        "eoh": player.eoh,
        "body": lambda: player.body(b"x" * 1000),
    }
    for name in STAGES[:STAGES.index(stage) + 1]:
        steps[name]()


def refused_by(stage):
    """EVIL's fields are judged at end of header or at end of message: as the daemon likes."""
    return stage in ("eoh", "body")


@pytest.fixture
def player(gate):
    return Player(gate.session())


def settle(gate, stage):
    """A refusal at end of header leaves a record; nothing else does."""
    if refused_by(stage):
        gate.at_most_one_record_more()


@pytest.mark.parametrize("stage", STAGES)
def test_abort_and_a_good_message(gate, player, stage):
    play_until(player, stage)
    player.session.abort()
    settle(gate, stage)
    if stage == "connect":
        player.helo()
    gate.check_signed(player.message())
    assert gate.record()["rcpt_count"] == 1


@pytest.mark.parametrize("stage", STAGES)
def test_quit(gate, player, stage):
    play_until(player, stage)
    player.session.quit()
    assert player.session.closed_by_filter()
    settle(gate, stage)


def message_with_a_refused_recipient(player):
    """One more recipient, whom the MTA itself refuses."""
    message = Message()
    player.mail(message)
    player.refused_rcpt("<nobody@example.net>")
    player.rcpt(message.rcpts[0])
    player.data()
    for field in message.headers:
        player.header(*field)
    player.eoh()
    player.body(message.body)
    return Outcome(EOM, player.eom())


def new_connection(gate, player, stage):
    """What was agreed on with the MTA holds on: it is not negotiated again."""
    if stage == "end":
        player.open()
        gate.check_signed(player.message())
        gate.record()
    else:
        play_until(player, stage)
    player.session.quit_nc()
    settle(gate, stage)
    assert player.open() is None
    for _ in range(2):
        gate.check_signed(message_with_a_refused_recipient(player))
        record = gate.record()
        assert record["rcpt_count"] == 1
        assert ["From", " Alice <alice@example.com>"] in record["header"]
    gate.check_signed(player.message())
    gate.record()
    assert "claimed not to reply" not in gate.daemon.log()


@pytest.mark.parametrize("stage", [*STAGES, "end"])
def test_new_connection_follows(gate, player, stage):
    new_connection(gate, player, stage)


def test_new_connection_follows_and_each_blank_counts(start_daemon):
    """Signatures by simple canonicalization hold only for the very bytes that leave."""
    gate = start_daemon(config=CONFIG.replace("dkim: {{", 'dkim: {{ canonicalization = "simple/simple"; '))
    for stage in ("connect", "body", "end"):
        new_connection(gate, Player(gate.session()), stage)
    gate.close()


@pytest.mark.parametrize("stage", STAGES)
def test_connection_lost(gate, player, stage):
    play_until(player, stage)
    player.session.close()
    settle(gate, stage)


PACKETS = {
    "connect": packet_of("C", b"client.example.net\x004\xa1\x02192.0.2.7\0"),
    "helo": packet_of("H", b"laptop.example.net\0"),
    "mail": packet_of("M", b"<alice@example.com>\0"),
    "rcpt": packet_of("R", b"<bob@example.net>\0"),
    "data": packet_of("T"),
    "header": packet_of("L", strings("Subject", " lunch")),
    "eoh": packet_of("N"),
    "body": packet_of("B", b"Shall we?\r\n"),
}


@pytest.mark.parametrize("stage", STAGES[1:])
@pytest.mark.parametrize("share", ["size", "command", "half", "all but one byte"])
def test_connection_lost_in_the_middle_of_a_packet(gate, player, stage, share):
    before = STAGES[STAGES.index(stage) - 1]
    play_until(player, before)
    packet = PACKETS[stage]
    size = {"size": 3, "command": 5, "half": 5 + len(packet[5:]) // 2,
            "all but one byte": len(packet) - 1}[share]
    player.session.raw(packet[:size])
    player.session.close()
    settle(gate, before)


def test_abort_at_end_of_message(gate, player):
    """The MTA lost its client just then: the answer was given, so there is a record."""
    player.open()
    gate.check_signed(player.message())
    player.session.abort()
    gate.check_signed(player.message())
    gate.records(2)


def test_a_thousand_aborted_messages(gate, player):
    player.open()
    for _ in range(1000):
        player.mail(EVIL)
        player.rcpt(EVIL.rcpts[0])
        player.session.abort()
    gate.check_signed(player.message())
    gate.record()


def test_after_a_refusal_comes_a_good_message(gate, player):
    player.open()
    for _ in range(3):
        refused = player.message(Message(mail_from="<ceo@example.com>"))
        assert refused.reply.code == 5
        assert gate.record()["action"] == "reject"
        gate.check_signed(player.message())
        assert gate.record()["action"] == "accept"
