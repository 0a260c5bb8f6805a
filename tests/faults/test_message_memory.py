"""Every allocation of a message's way made to fail once, one after the other: refused for now, or dealt with as it is
to be; never let through unsigned, never refused for good where it is good, and forgotten by the next message."""

import collections

import pytest

from daemon import CONFIG, HISTORY
from harness.milter_mta import POSTFIX, SENDMAIL, Client, Message, play
from harness.milter_wire import ConnectionClosed, Session
from injector import EVER

COUNTING = CONFIG + HISTORY + """\
counters: {{ file = "{folder}/lib/limits"; }};
policies: {{ submission: {{ address_form: {{ mode = "enforce"; }}; limits: {{ login = [ "100000 messages/hour" ]; }}; }}; }};
"""
GOOD = Message().plus(("Authentication-Results", " mx.example.com; none"))
MANY = GOOD.plus(*[("X-Filler", " " + "x" * 90)] * 100)
SPOOF = Message(mail_from="<alice@example.com>").with_headers(("From", " ceo@example.com"))
NAMED = Message().with_headers(("From", " Alice B. C <alice@example.com>"), ("To", " Bob O. B <bob@example.net>"),
                               ("Message-ID", " <1@example.com>"), ("Date", " Sat, 21 Nov 2026 10:00:00 +0000"))
WAITS = "waits"
STRANGER = Client(login=None, tls=None, port=25)
# What is sent: what becomes of it where nothing fails (edits, or the code of its refusal), by whom, and which MTA.
SHAPES = {
    "good": (GOOD, 3, Client(), POSTFIX),
    "many fields": (MANY, 3, Client(), POSTFIX),
    "spoofed": (SPOOF, 550, Client(), POSTFIX),
    "nobody's": (Message(mail_from="<ceo@example.com>"), 553, Client(), POSTFIX),
    "to be written anew": (NAMED, None, Client(), SENDMAIL),
    "inbound": (Message("<x@example.net>").with_headers(("From", " x@example.net")), 0, STRANGER, POSTFIX),
    "a stranger's spoof": (Message("<x@example.net>"), 550, STRANGER, POSTFIX),
}


@pytest.fixture
def gate(start_daemon):
    """It owns what its login equals, by a table, and counts."""

    return start_daemon(config=COUNTING.replace('senders: {{ tables = [ "texthash:{folder}/senders" ]; extensions = true; }};\n', ""),
                        injected=True)


def outcome_of(gate, message, client, mta, expected=None):
    """The number of edits, or the code of the refusal; None where libmilter itself hung up, WAITS where nobody answers."""
    try:
        with Session(gate.daemon.socket, timeout=60) as session:
            outcome = play(session, message, client, mta)
            session.quit()
    except (ConnectionClosed, ConnectionResetError, BrokenPipeError):
        return None
    except TimeoutError:
        return WAITS
    if outcome.accepted:
        return len(outcome.edits)
    # Without memory for its text a refusal is only of a kind, and the MTA says it in its own words.
    return int(outcome.reply.text[:3] or {4: 451, 5: expected}[outcome.reply.code])


def walk(gate, shape, last=None, step=1):
    """The outcomes, counted. last: how long it lasts, from each allocation on."""
    message, expected, client, mta = SHAPES[shape]
    usual = outcome_of(gate, message, client, mta)
    assert expected is None or usual == expected
    found = collections.Counter()
    number = misses = 0
    while misses < 3:
        number += step
        gate.injector.fail("alloc", number, last)
        outcome = outcome_of(gate, message, client, mta, usual)
        misses = misses + 1 if not gate.injector.struck("alloc") else 0
        gate.injector.clear("alloc")
        assert outcome in (usual, 451, None, WAITS), f"allocation {number}: {outcome}, and not {usual}: {gate.daemon.log()[-500:]}"
        found[outcome] += 1
        assert outcome_of(gate, message, client, mta) == usual, f"after allocation {number}"
        # Where there is no memory to accept it with, a session waits in the socket.
        assert outcome != WAITS or "sessions are accepted again" in gate.daemon.log()
    assert number > 20 and gate.daemon.alive()
    assert found[451] or step > 1
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_each_fails_once(gate, shape, long_form):
    walk(gate, shape, step=1 if long_form or shape == "good" else 3)


def test_all_from_each_on_fail(gate, long_form):
    walk(gate, "good", EVER, 1 if long_form else 3)


def test_what_is_set_up_once_is_tried_again(start_daemon):
    """ICU, by the first name that has to be looked at: no message before went well, so it is met while all fails."""
    gate = start_daemon('policies: { submission: { display_name: { protected = [ "Alice Chief" ]; }; }; };\n', injected=True)
    message = Message().with_headers(("From", " Alise Chief <alice@example.com>"), *Message().headers[2:])
    for number in range(1, 1000):
        session = Session(gate.daemon.socket, timeout=60)
        gate.injector.fail("alloc", number, EVER)
        try:
            good = play(session, message).accepted
        except (ConnectionClosed, ConnectionResetError, BrokenPipeError):
            good = False
        gate.injector.clear("alloc")
        session.close()
        if good:
            break
    assert number > 20
    assert outcome_of(gate, message, Client(), POSTFIX) == 2
