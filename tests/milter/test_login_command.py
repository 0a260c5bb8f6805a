"""submilterctl login: what an admin says of a login holds in the running daemon, at once."""

import json
import os
import re
import time

import pytest

import look_back
from counters import COUNTING, DAY, fleet, message, send, wait_for_count
from daemon import USER
from harness import redis as harness_redis
from harness.milter_mta import Client
from harness.waiting import PATIENCE, wait_until

ALICE = "alice@example.com"
REDIS = pytest.mark.skipif(not os.path.exists(harness_redis.PROGRAM), reason="no redis-server")
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root says for whom it acts")


@pytest.fixture
def gate(start_daemon):
    return start_daemon(config=COUNTING)


def login(gate, *arguments, status=0, **options):
    return look_back.ask(gate.daemon, "login", *arguments, status=status, **options)


def state(gate, name=ALICE):
    return json.loads(login(gate, "show", name, "--json"))


def is_frozen(outcome):
    return outcome.reply.code == 4 and "login_state.frozen" in outcome.reply.text


def wait_until_frozen(gate):
    return wait_until(lambda: is_frozen(send(gate)), "its mail is deferred", explain=gate.daemon.log)


def wait_until_it_goes(gate):
    return wait_until(lambda: send(gate).accepted, "its mail goes", explain=gate.daemon.log)


def test_freeze_and_thaw(gate, record_property):
    """In force within a second or so, for whoever else sends not at all; and a session that is open does not help."""
    assert send(gate).accepted
    open_session = gate.player(Client(login=ALICE))
    printed = login(gate, "freeze", "Alice@Example.com", "--because", "phished")
    since = time.monotonic()
    wait_until_frozen(gate)
    took = time.monotonic() - since
    assert printed.startswith("Alice@Example.com is frozen since ") and "until it is thawed, by " in printed
    reply = open_session.mail(message())
    assert reply.code == 4 and "login_state.frozen" in reply.text
    gate.record()
    assert send(gate, login="carol").accepted
    printed = login(gate, "thaw", ALICE)
    since = time.monotonic()
    wait_until_it_goes(gate)
    record_property("frozen_after_s", round(took, 2))
    record_property("thawed_after_s", round(time.monotonic() - since, 2))
    print(f"in force after {took:.2f} s, taken back after {time.monotonic() - since:.2f} s")
    kept = r"alice@example\.com is normal \(until [-\d]+ [:\d]+ whatever signs of theft say\)"
    assert re.match(kept + "; it had been frozen since .*: phished$", printed), printed
    assert re.fullmatch(kept, login(gate, "show", ALICE).strip())


def test_slow(gate):
    """Nobody is known yet, as the first message was a moment ago."""
    assert send(gate, "bob@example.net").accepted
    login(gate, "slow", ALICE)

    def is_slowed():
        outcome = send(gate, "new@example.net")
        return outcome.reply.code == 4 and "login_state.slowed" in outcome.reply.text
    wait_until(is_slowed, "new recipients are deferred", explain=gate.daemon.log)
    assert state(gate)["state"] == "slowed"
    login(gate, "freeze", ALICE)
    wait_until_frozen(gate)
    printed = login(gate, "slow", ALICE)
    assert " is slowed since " in printed and "; it had been frozen since " in printed


def test_show_and_list(gate):
    assert login(gate) == "No login is slowed or frozen.\n" and json.loads(login(gate, "--json")) == []
    unknown = f"{ALICE} is normal; nothing is counted of a login of that name\n"
    assert login(gate, "show", ALICE) == unknown
    assert send(gate, login="carol").accepted
    wait_until(lambda: login(gate, "show", "carol@example.com") == "carol@example.com is normal\n", "it was counted")
    assert state(gate) == {"login": ALICE, "state": "normal", "since": None, "until": None, "cause": None}
    before = int(time.time())
    login(gate, "freeze", ALICE, "--for", "2h", "--because", "ticket 4711")
    login(gate, "slow", "carol@example.com")
    found = state(gate)
    stamp = "%Y-%m-%dT%H:%M:%S.000Z"
    assert found["state"] == "frozen" and found["since"] >= time.strftime(stamp, time.gmtime(before))
    assert found["until"] >= time.strftime(stamp, time.gmtime(before + 7200))
    assert found["cause"].startswith("by ") and found["cause"].endswith(": ticket 4711")
    printed = login(gate, "show", ALICE)
    assert "(1 h 59 min more)" in printed or "(2 h more)" in printed
    both = {row["login"]: row for row in json.loads(login(gate, "--json"))}
    assert set(both) == {ALICE, "carol@example.com"} and both[ALICE] == found
    assert both["carol@example.com"]["until"] is None
    rows = [" ".join(line.split()) for line in login(gate).splitlines()]
    assert rows[0] == "login state since for cause" and len(rows) == 3
    assert any(row.startswith("carol@example.com slowed ") and " until thawed by " in row for row in rows)
    login(gate, "thaw", ALICE)
    assert [row["login"] for row in json.loads(login(gate, "--json"))] == ["carol@example.com"]


def test_it_ends_by_itself(gate):
    send(gate)
    login(gate, "freeze", ALICE, "--for", "3s")
    wait_until_it_goes(gate)
    wait_until(lambda: state(gate)["state"] == "normal", "it is normal again")
    assert json.loads(login(gate, "--json")) == []


def test_it_outlives_the_daemon(gate):
    """Also what was said while none ran."""
    send(gate)
    gate.daemon.stop()
    done = look_back.run_as(None, gate.daemon, "login", "freeze", ALICE)
    assert done.returncode == 0 and "no daemon was found that runs with" in done.stderr
    gate.daemon.start()
    assert is_frozen(send(gate)), "from its first message on"
    gate.daemon.kill()
    gate.daemon.start()
    assert is_frozen(send(gate))
    assert "no daemon" not in look_back.run_as(None, gate.daemon, "login", "thaw", ALICE).stderr
    wait_until_it_goes(gate)


def test_a_name_that_nobody_has(gate):
    done = look_back.run_as(None, gate.daemon, "login", "freeze", "al\x1b[2Jise")
    assert done.returncode == 0 and 'nothing was ever counted of a login "al\\x1b[2Jise"' in done.stderr
    assert done.stdout.startswith("al\\x1b[2Jise is frozen") and "\x1b" not in login(gate)
    assert "\\u001b" in login(gate, "--json")


def test_a_state_that_nothing_enforces(start_daemon):
    """The rule is off where she sends: that a frozen login goes on there is said at once."""
    gate = start_daemon('policies: { submission: { login_state: { mode = "off"; }; }; };', config=COUNTING)
    done = look_back.run_as(None, gate.daemon, "login", "freeze", ALICE)
    assert "its mail goes on in policy submission" in done.stderr and "login_state is in mode off" in done.stderr
    assert "policy local" not in done.stderr and send(gate).accepted
    assert "goes on" not in look_back.run_as(None, gate.daemon, "login", "thaw", ALICE).stderr


@AS_ROOT
def test_who_did_it(gate):
    login(gate, "freeze", ALICE, environment={**os.environ, "SUDO_USER": "daemon"})
    assert state(gate)["cause"] == "by daemon"
    environment = {name: value for name, value in os.environ.items() if name != "SUDO_USER"}
    login(gate, "freeze", ALICE, "--because", "x", environment=environment)
    assert state(gate)["cause"] == "by root: x"
    done = look_back.run_as(USER, gate.daemon, "login", "freeze", ALICE, environment={"SUDO_USER": "daemon"})
    assert done.returncode == 0 and state(gate)["cause"] == f"by {USER}"


@pytest.fixture
def hosts(start_daemon):
    """Two daemons on one Redis."""
    with fleet() as (redis, config):
        redis.start()
        yield [start_daemon(config=config) for _ in range(2)], redis


@REDIS
def test_on_every_host_of_a_fleet(hosts, record_property):
    (one, other), redis = hosts
    assert send(one).accepted and send(other, "carol@example.net").accepted
    found = wait_for_count(one, "messages", 2, ALICE)
    assert found["counted"]["recipients"][DAY] == 2
    login(one, "freeze", ALICE, "--because", "phished")
    since = time.monotonic()
    wait_until_frozen(other)
    record_property("frozen_elsewhere_after_s", round(time.monotonic() - since, 2))
    print(f"in force on the other host after {time.monotonic() - since:.2f} s")
    assert state(other)["cause"].endswith(": phished")
    assert [row["login"] for row in json.loads(login(other, "--json"))] == [ALICE]
    login(other, "thaw", ALICE)
    wait_until_it_goes(one)
    for host in (one, other):
        host.settle()
    wait_until(lambda: json.loads(look_back.output(one.daemon, "limits", "learn", "--json") or "{}").get("correspondents"),
               "rows")
    assert [row["name"] for row in json.loads(look_back.ask(other.daemon, "limits", "top", "--json"))["rows"]] == [ALICE]


def warned(gate, *arguments):
    """What is printed while Redis is gone, and what is said of it."""
    done = look_back.run_as(None, gate.daemon, *arguments)
    assert done.returncode in (0, 1), done
    return done.stdout, done.stderr


@REDIS
def test_how_many_hosts_share_is_said(hosts):
    """And who stops does not count any more, so that none keeps a share for it."""
    (one, other), redis = hosts
    said = f'counters: Redis at {redis.address} counts for the fleet "submilter": '
    one.daemon.wait_for_log(said + "1 host, this one")
    other.daemon.wait_for_log(said + "2 hosts")
    one.daemon.wait_for_log(said + "2 hosts", PATIENCE)
    assert redis.command("ZCARD", "{submilter:submilter}:hosts") == 2
    assert other.daemon.stop() == 0
    assert redis.command("ZCARD", "{submilter:submilter}:hosts") == 1
    wait_until(lambda: one.daemon.log().count(said + "1 host, this one") == 2, "one is left", explain=one.daemon.log)
    other.daemon.start()
    wait_until(lambda: redis.command("ZCARD", "{submilter:submilter}:hosts") == 2, "and back")


@REDIS
def test_while_redis_is_gone(hosts, record_property):
    """A freeze and a thaw hold where they are said, and everywhere once Redis is back, with the data that it had."""
    (one, other), redis = hosts
    mallory = "mallory@example.com"
    assert send(one).accepted and send(other, login="mallory").accepted
    login(one, "freeze", mallory, "--because", "stolen")
    wait_until(lambda: is_frozen(send(other, login="mallory")), "mallory is frozen")
    assert is_frozen(send(one, login="mallory"))
    redis.freeze()
    printed, said = warned(one, "login", "freeze", ALICE, "--because", "phished")
    assert f"{ALICE} is frozen since" in printed and str(redis.socket) in said
    assert "holds on this host now, and on the others as soon as Redis is back" in said and "No daemon" not in said
    printed, said = warned(one, "login", "thaw", mallory)
    assert f"{mallory} is normal (until" in printed and "; it had been frozen" in printed
    since = time.monotonic()
    wait_until_frozen(one)
    record_property("frozen_here_after_s", round(time.monotonic() - since, 2))
    wait_until(lambda: send(one, login="mallory").accepted, "mallory's mail goes here", explain=one.daemon.log)
    assert send(other).accepted and is_frozen(send(other, login="mallory")), "the other host cannot know"
    printed, said = warned(one, "login", "show", ALICE)
    assert "is frozen" in printed and "this host's own" in said and str(redis.socket) in said
    printed, said = warned(one, "login", "--json")
    assert [row["login"] for row in json.loads(printed)] == [ALICE] and "this host's own" in said
    for command in (("limits", "show", ALICE), ("limits", "top")):
        printed, said = warned(one, *command)
        assert ("frozen since" in printed or ALICE in printed) and "this host's own" in said, (command, printed, said)
    assert json.loads(warned(one, "limits", "show", ALICE, "--json")[0])["degraded"] is True
    for command in (("limits", "reset", ALICE), ("limits", "learn")):
        assert str(redis.socket) in look_back.complaint(one.daemon, *command, status=75)
    redis.thaw()
    since = time.monotonic()
    wait_until_frozen(other)
    wait_until(lambda: send(other, login="mallory").accepted, "mallory's mail goes there", explain=other.daemon.log)
    record_property("taken_to_redis_after_s", round(time.monotonic() - since, 2))
    print(f"on the other host {time.monotonic() - since:.2f} s after Redis was back")
    assert is_frozen(send(one)) and send(one, login="mallory").accepted
    printed, said = warned(other, "login", "show", ALICE)
    assert "phished" in printed and not said
    login(other, "thaw", ALICE)
    wait_until_it_goes(one)
    wait_until_it_goes(other)


@REDIS
def test_said_while_neither_redis_nor_the_daemon_runs(hosts):
    """And a word that Redis has heard since then is the later one."""
    (one, other), redis = hosts
    assert send(one).accepted and send(one, login="carol").accepted
    one.daemon.stop()
    redis.freeze()
    for name in (ALICE, "carol@example.com"):
        assert "No daemon was found" in warned(one, "login", "freeze", name)[1]
    redis.thaw()
    wait_until(lambda: login(other, "thaw", "carol@example.com"), "Redis is back")
    one.daemon.start()
    wait_until_frozen(other)
    assert send(other, login="carol").accepted and state(one, "carol@example.com")["state"] == "normal"
    wait_until(lambda: send(one, login="carol").accepted, "carol's mail goes here too", explain=one.daemon.log)


@REDIS
def test_redis_that_cannot_be_written(hosts):
    """It answers, and takes nothing: full, or somebody's replica."""
    (one, other), redis = hosts
    assert send(one).accepted and send(other).accepted
    redis.command("CONFIG", "SET", "maxmemory", "1")
    printed, said = warned(one, "login", "freeze", ALICE)
    assert "OOM" in said and "holds on this host now" in said and "is frozen" in printed
    wait_until_frozen(one)
    redis.command("CONFIG", "SET", "maxmemory", "0")
    wait_until_frozen(other)


@REDIS
def test_neither_redis_nor_a_file(start_daemon):
    """Nothing is left to be asked."""
    with fleet() as (redis, config):
        gate = start_daemon(config=config.replace('file = "{folder}/lib/limits"; ', ""))
        said = look_back.complaint(gate.daemon, "login", "freeze", ALICE, status=69)
        assert str(redis.socket) in said and "lock it where it logs in" in said


@pytest.mark.parametrize("arguments, said", [
    (("frieze", "a"), 'did you mean "freeze"?'), (("alice",), "login show"), (("freeze",), "which one?"),
    (("freeze", ""), "which one?"), (("freeze", "a", "b"), "one login at a time"), (("freeze", "a", "--for", "x"), "--for"),
    (("freeze", "a", "--for", "2"), "--for"), (("unfreeze", "a"), 'did you mean "thaw"?'), (("block", "a"), '"freeze"'),
    (("freeze", "@example.com"), "a whole domain"),
    (("freeze", "a", "--for", "0"), "--for"), (("freeze", "a", "--for", "99999999999d"), "--for"),
    (("thaw", "a", "--for", "2h"), "for good"), (("freeze", "a", "--because", "x\ny"), "--because: one line"),
    (("freeze", "a", "--because", "x" * 200), "bytes at most"), (("show",), "one login"), (("--json", "x"), "login show")])
def test_wrong_arguments(gate, arguments, said):
    assert said in look_back.complaint(gate.daemon, "login", *arguments, status=64)
