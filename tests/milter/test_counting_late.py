"""Messages whose body takes its time: what holds is what is counted and said when they end."""

import pathlib

import pytest

import look_back
from counters import KEPT, fleet, wait_for_count
from counting import login, mail
from daemon import CONFIG
from harness.redis import PROGRAM
from harness.waiting import wait_until

ALICE = "alice@example.com"
LIMITED = """
policies: { submission: { limits: { mode = "enforce"; login = [ "1 messages/day" ]; contain = [ ]; }; }; };
"""


@pytest.fixture(params=["embedded", "redis"])
def counting(request, start_daemon):
    """Starts a daemon that counts by itself, or in a Redis."""
    if request.param == "embedded":
        yield lambda more="": start_daemon(more, config=CONFIG + KEPT)
        return
    if not pathlib.Path(PROGRAM).exists():
        pytest.skip("there is no redis-server")
    with fleet() as (redis, config):
        redis.start()
        yield lambda more="": start_daemon(more, config=config)


def all_but_the_end(gate, message):
    player = gate.player(login())
    outcome = player.begin(message)
    assert all(reply.goes_on for reply in outcome.rcpts), outcome
    assert player.body(message.body) is None
    return player


def is_stopped(gate):
    """Whether a stranger is refused to a session of its own."""
    player = gate.player(login())
    reply = player.mail(mail())
    if reply.goes_on:
        reply = player.rcpt("<stranger@example.net>")
    player.session.abort()
    player.session.close()
    return reply.code == 4


@pytest.mark.parametrize("word, reason", [("freeze", "frozen"), ("slow", "slowed")])
def test_who_is_stopped_meanwhile_has_sent_nothing(counting, word, reason):
    """Nor written to anybody."""
    gate = counting()
    player = all_but_the_end(gate, mail())
    look_back.ask(gate.daemon, "login", word, ALICE)
    wait_until(lambda: is_stopped(gate), word, explain=gate.daemon.log)
    reply = player.eom()
    assert reply.text.startswith("451 4.7.1 ") and f"[login_state.{reason} " in reply.text, reply
    assert is_stopped(gate)
    record = gate.records(3)[2]
    counted = record["limits"]
    assert "messages" not in counted.get("login", {}) and "messages" not in counted.get("habit", {}), counted


def test_a_limit_that_is_no_longer_reached(counting):
    """What the header's rules saw is minutes old."""
    gate = counting(LIMITED)
    player = gate.player(login())
    message = mail()
    assert player.mail(message).goes_on and player.rcpt(message.rcpts[0]).goes_on
    assert gate.play(message).accepted
    player.data()
    for field in message.headers:
        player.header(*field)
    player.eoh()
    player.body(message.body)
    assert is_stopped(gate)
    wait_for_count(gate, "messages", 1, ALICE)
    look_back.ask(gate.daemon, "limits", "reset", ALICE)
    wait_until(lambda: not is_stopped(gate), "reset", explain=gate.daemon.log)
    reply = player.eom()
    assert reply.code == 2, reply
    assert is_stopped(gate), "it was counted"
