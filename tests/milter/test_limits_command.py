"""submilterctl limits: what a running daemon has counted, beside the limits in force."""

import json
import os
import shutil

import pytest

import look_back
from counters import COUNTING, DAY, fleet, message, older, send, shown, wait_for_count
from daemon import HISTORY, USER
from harness import redis as harness_redis
from harness.milter_mta import Client
from harness.process import run
from harness.waiting import wait_until

ALICE, CAROL = "alice@example.com", "carol@example.com"
STRICT = """
policies: {
  submission: { limits: { mode = "enforce"; login = [ "2 messages/day", "100M bytes/day" ]; contain = [ "50 new/day" ]; }; };
};
groups: ( { name = "sales"; logins = [ "carol@example.com" ];
            rules: { limits: { login = [ "7 messages/day" ]; group = [ "9 recipients/hour" ]; }; }; } );
"""
REDIS = pytest.mark.skipif(not os.path.exists(harness_redis.PROGRAM), reason="no redis-server")
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root becomes somebody else")


@pytest.fixture
def gate(start_daemon):
    return start_daemon(config=COUNTING)


@pytest.fixture
def strict(start_daemon):
    return start_daemon(STRICT, config=COUNTING)


def limit(found, text):
    rows = [row for row in found["limits"] if row["limit"] == text]
    assert len(rows) == 1, found["limits"]
    return rows[0]


def words(gate, *arguments, status=0):
    """Lines, blanks between columns counted as one."""
    text = look_back.ask(gate.daemon, "limits", *arguments, status=status)
    return [" ".join(line.split()) for line in text.splitlines()]


def test_show(strict):
    for rcpts in (("bob@example.net", "carol@example.net"), ("Bob@Example.NET",)):
        assert send(strict, *rcpts).accepted
    found = wait_for_count(strict, "messages", 2, ALICE)
    assert (found["kind"], found["name"], found["found"], found["degraded"]) == ("login", ALICE, True, False)
    assert found["counted"]["recipients"][DAY] == 3
    assert found["counted"]["new"][DAY] == 2, "bob in another spelling is not new"
    assert found["counted"]["refusals"][DAY] == 0
    assert 0 < found["frees"]["messages"][DAY] <= 86400 + 900 and found["frees"]["refusals"][DAY] == 0
    assert found["standing"] == {"state": "normal", "since": None, "until": None, "cause": None}
    assert found["habit"]["messages"] == 2 and found["habit"]["since"] and found["habit"]["networks_day"] == 1
    assert found["correspondents"] == {"remembered": 2, "known": 0}
    assert found["group"] is None
    row = limit(found, "2 messages/day")
    assert {name: row[name] for name in ("of", "policy", "mode", "max", "counted", "left")} == {
        "of": "login", "policy": "submission", "mode": "enforce", "max": 2, "counted": 2, "left": 0}
    assert limit(found, "50 new/day")["of"] == "contain" and limit(found, "50 new/day")["left"] == 48
    assert limit(found, "100M bytes/day")["counted"] == found["counted"]["bytes"][DAY]


def test_show_in_words(strict):
    send(strict)
    wait_for_count(strict, "messages", 1, ALICE)
    lines = words(strict, "show", ALICE.upper())
    assert "state normal" in lines and "correspondents 1, 0 of them known" in lines
    assert "clients only such as came within the last day" in lines
    assert any(line.startswith("messages ") and line.endswith(" 1") for line in lines)
    assert any(line.startswith("2 messages/day login submission enforce 1 1 ") for line in lines), lines
    assert any(line.startswith("50 new/day contain submission enforce 1 49 ") for line in lines), lines


def test_the_limits_of_a_group(strict):
    """As the daemon chooses them: the first group that names the login."""
    send(strict, login="carol")
    found = wait_for_count(strict, "messages", 1, CAROL)
    assert found["group"]["name"] == "sales" and found["group"]["counted"]["recipients"][DAY] == 1
    assert limit(found, "7 messages/day")["left"] == 6
    row = limit(found, "9 recipients/hour")
    assert (row["of"], row["counted"], row["left"]) == ("group", 1, 8)
    assert not any(row["limit"] == "2 messages/day" for row in found["limits"])
    assert any(line.startswith("9 recipients/hour group sales submission enforce 1 8 ")
               for line in words(strict, "show", CAROL))
    assert wait_for_count(strict, "messages", 1, "--group", "sales")["found"]


def test_a_group_that_there_is_not(strict):
    """It names those that there are, for reset too."""
    for command in ("show", "reset"):
        said = look_back.complaint(strict.daemon, "limits", command, "--group", "sale", status=64)
        assert '--group: there is no group "sale"; those of the configuration are sales' in said


def test_show_of_others_than_logins(gate):
    send(gate, address="192.0.2.7")
    send(gate, address="192.0.2.9", login="carol")
    for whom, count in (("--domain", "Example.COM."), 2), (("--client", "192.0.2.7"), 1), \
                       (("--network", "192.0.2.0/24"), 2), (("--network", "192.0.2.99"), 2), (("--host",), 2):
        found = wait_for_count(gate, "messages", count, *whom)
        assert found["found"] and "standing" not in found
    assert any(line.startswith("messages ") and line.endswith(" 2") for line in words(gate, "show", "--host"))


def test_of_whom_nothing_is_known(gate):
    assert words(gate, "show", "nobody", status=1) == ["Nothing was counted of the login nobody."]
    found = shown(gate, "no\x1b[2Jbody", status=1)
    assert not found["found"] and found["counted"]["messages"] == [0, 0, 0]
    assert words(gate, "show", "no\x1b[2Jbody", status=1) == ["Nothing was counted of the login no\\x1b[2Jbody."]


def test_reset(strict):
    for _ in range(2):
        assert send(strict).accepted
    assert send(strict).reply.code == 4, "the limit holds"
    wait_for_count(strict, "messages", 2, ALICE)
    assert words(strict, "reset", ALICE) == [f"The counters of the login {ALICE} begin anew."]
    wait_until(lambda: send(strict).accepted, "the limit lets go", explain=strict.daemon.log)
    found = wait_for_count(strict, "messages", 1, ALICE)
    assert found["correspondents"]["remembered"] == 1 and found["habit"]["since"]
    words(strict, "reset", ALICE, "--habit")
    assert words(strict, "reset", "alcie") == [
        "The counters of the login alcie begin anew; nothing had been counted: is the name right?"]
    found = wait_until(lambda: (lambda now: now if not now["correspondents"]["remembered"] else None)(
        json.loads(look_back.output(strict.daemon, "limits", "show", ALICE, "--json"))), "it is forgotten")
    assert not found["habit"]["since"] and found["counted"]["messages"] == [0, 0, 0]


def wait_until_kept(gate, redis, count):
    """The host's own file has so many messages of the login."""
    alone = gate.daemon.folder / "lib" / "alone.conf"
    alone.write_text(gate.daemon.config.read_text().replace(f'redis = "{redis.address}"; ', ""))
    command = [look_back.PROGRAM, "-c", alone, "limits", "show", ALICE, "--json"]
    wait_until(lambda: json.loads(run(*command, check=False).stdout)["counted"]["messages"][DAY] == count, "it is in the file")


def habit(gate):
    """What a message that is refused finds: it leaves none itself."""
    spoof = message("nobody@example.net").with_headers(("From", " <ceo@example.com>"))
    assert not gate.play(spoof, Client(login=ALICE)).accepted
    return gate.record()["limits"].get("habit", {}).get("messages", 0)


@REDIS
def test_reset_in_a_fleet(start_daemon):
    """Said on each host: none of them teaches Redis again what was forgotten."""
    with fleet() as (redis, config):
        redis.start()
        hosts = [start_daemon(config=config) for _ in range(2)]
        for number, host in enumerate(hosts):
            for _ in range(2):
                assert send(host, f"friend{number}@example.net").accepted
        assert host.settled["limits"].get("new_rcpts", 0) == 0
        for host in hosts:
            wait_for_count(host, "messages", 4, ALICE)
            wait_until_kept(host, redis, 2)
        for host in hosts:
            words(host, "reset", ALICE, "--habit")
        for host in hosts:
            wait_until(lambda: habit(host) == 0, "what it was like is forgotten", explain=host.daemon.log)
        for number, host in enumerate(hosts):
            assert send(host, f"friend{number}@example.net").accepted
            assert host.settled["limits"].get("new_rcpts") == 1, host.settled["limits"]


def test_reset_of_others_than_logins(gate):
    send(gate)
    wait_for_count(gate, "messages", 1, "--client", "192.0.2.7")
    words(gate, "reset", "--client", "192.0.2.7")
    wait_for_count(gate, "messages", 0, "--client", "192.0.2.7")
    wait_for_count(gate, "messages", 1, ALICE)


def test_top(gate):
    odd = "x\x1b[31m@example.com"
    for login, times in (("alice", 1), ("carol", 3), ("dave", 2)):
        for _ in range(times):
            send(gate, login=login)
    send(gate, "a@example.net", "b@example.net", "c@example.net", "d@example.net", login="alice")
    gate.play(message(), Client(login=odd))
    gate.record()
    for login, count in (("alice", 2), ("carol", 3), ("dave", 2)):
        wait_for_count(gate, "messages", count, f"{login}@example.com")

    def names(*options):
        found = json.loads(look_back.ask(gate.daemon, "limits", "top", "--window", "day", "--json", *options))
        return [row["name"].split("@")[0] for row in found["rows"]]
    assert names()[0] == "carol" and set(names()[1:3]) == {"alice", "dave"}
    assert names("--limit", "1") == ["carol"]
    assert names("--by", "recipients")[0] == "alice" and names("--by", "new")[0] == "alice"
    wait_until(lambda: odd.split("@", maxsplit=1)[0] in names("--by", "refusals"), "the refusal is counted")
    rows = words(gate, "top", "--by", "recipients", "--window", "day")
    assert rows[0] == "By recipients within the last day:"
    assert rows[1] == "login messages recipients new bytes refusals" and rows[2].startswith(f"{ALICE} 2 5 5 ")
    text = "\n".join(words(gate, "top", "--by", "refusals", "--window", "day"))
    assert "x\\x1b[31m@example.com" in text and "\x1b" not in text
    assert names("--kind", "client") == ["192.0.2.7"] and names("--kind", "domain")[0] == "example.com"
    assert words(gate, "top", "--kind", "group") == ["No group has messages within the last hour."]


@pytest.mark.parametrize("arguments, said", [
    ((), "usage:"), (("shwo",), 'did you mean "show"?'), (("show",), "whose?"), (("show", "a", "b"), "one of them"),
    (("show", ""), '"" is no login'), (("show", "--client", "x"), "x"), (("show", "--client", "192.0.2.0/24"), "--network"),
    (("reset", "--network", "192.0.0.0/16"), "192.0.0.0/16 is wider than what is counted together, like 192.0.0.0/24"),
    (("show", "--network", "2001:db8::/48"), "2001:db8::/48 is wider than what is counted together, like 2001:db8::/56"),
    (("show", "--domain", "a..b"), "is no domain name"), (("reset",), "whose?"), (("reset", "--host", "--habit"), "--habit"),
    (("top", "alice"), "takes options only"), (("top", "--by", "mesages"), 'did you mean "messages"?'),
    (("top", "--window", "week"), 'there is no "week"; it is one of minute, hour, day'),
    (("alice",), "login of that name: limits show"), (("top", "--limit", "0"), "--limit"),
    (("show", "--group", "salse"), '--group: there is no group "salse"; the configuration has none'),
    (("top", "--kind", "host"), 'there is no "host"; it is one of login, group, domain, client, network'),
    (("learn", "x"), "takes options only"), (("learn", "--since", "x"), "--since")])
def test_wrong_arguments(gate, arguments, said):
    assert said in look_back.complaint(gate.daemon, "limits", *arguments, status=64)


def test_where_nothing_is_kept(start_daemon):
    daemon = start_daemon('counters: { file = ""; };\n').daemon
    for arguments in (("limits", "show", "a"), ("limits", "top"), ("limits", "learn"), ("login",), ("login", "freeze", "a")):
        said = look_back.complaint(daemon, *arguments, status=78)
        assert "counters.file is not set" in said and "in its memory alone" in said


def test_before_the_daemon_was_ever_started(gate):
    gate.daemon.stop()
    shutil.rmtree(gate.daemon.folder / "lib" / "limits")
    said = look_back.complaint(gate.daemon, "limits", "top", status=69)
    assert "lib/limits" in said and "none was found that runs with this configuration" in said
    assert not (gate.daemon.folder / "lib" / "limits").exists(), "asking makes nothing"


@AS_ROOT
def test_root_gives_root_away(gate):
    """What the daemon's user may write is opened as that user."""
    send(gate)
    wait_for_count(gate, "messages", 1, ALICE)
    kept = gate.daemon.folder / "lib" / "limits"
    for path in (kept, *kept.iterdir()):
        assert path.owner() == USER
    os.chown(kept, 0, 0)
    kept.chmod(0o700)
    said = look_back.complaint(gate.daemon, "limits", "show", ALICE, status=69)
    assert "ermission denied" in said and "restart" not in said
    shutil.chown(kept, USER)
    assert shown(gate, ALICE)["found"]


@AS_ROOT
def test_who_may_not(gate):
    kept = gate.daemon.folder / "lib" / "limits"
    send(gate)
    wait_for_count(gate, "messages", 1, ALICE)
    done = look_back.run_as("daemon", gate.daemon, "limits", "show", ALICE)
    assert done.returncode == 69 and f"be root or the user {USER}" in done.stderr and str(kept) in done.stderr


def learn(gate, *options):
    return json.loads(look_back.ask(gate.daemon, "limits", "learn", "--json", *options))


def test_learn(gate):
    """What the daemon itself had remembered, it remembers again from its history; and once more is no more."""
    send(gate, "bob@example.net", "carol@example.net")
    send(gate, "bob@example.net")
    send(gate, "dave@example.net", login="carol")
    gate.play(message("erin@example.net"), Client(login="mallory"))
    gate.record()
    wait_for_count(gate, "messages", 2, ALICE)
    wait_until(lambda: json.loads(look_back.output(gate.daemon, "history", "--json") or '{"rows": 0}')["rows"] == 4, "rows")
    words(gate, "reset", ALICE, "--habit")
    wait_for_count(gate, "messages", 0, ALICE)
    for _ in range(2):
        assert learn(gate) == {"decisions": 4, "messages": 3, "correspondents": 3, "unreadable": 0}
        found = wait_until(lambda: (lambda now: now if now["correspondents"]["remembered"] else None)(
            json.loads(look_back.output(gate.daemon, "limits", "show", ALICE, "--json"))), "it is remembered")
        assert found["correspondents"] == {"remembered": 2, "known": 0}
    assert words(gate, "learn") == ["4 decisions were read, 3 messages of logins had left; 3 correspondents are remembered."]
    assert words(gate, "learn", "--until", "2020-01-01")[0].startswith("0 decisions were read")


def test_what_was_learned_is_known(gate, tmp_path):
    """From a file of records of last month: a slowed login still writes to whom it wrote then, and to nobody else."""
    send(gate, "Bob@example.net")
    past = tmp_path / "decisions.jsonl"
    past.write_text(json.dumps(older(gate.settled, 30)) + "\n" + json.dumps(older(gate.settled, 500)) + "\n")
    assert learn(gate, "--file", past) == {"decisions": 1, "messages": 1, "correspondents": 1, "unreadable": 0}
    look_back.ask(gate.daemon, "login", "slow", ALICE)

    def answers():
        player = gate.player(Client(login=ALICE))
        if not player.mail(message()).goes_on:
            return None
        replies = [player.rcpt(rcpt) for rcpt in ("<bob@EXAMPLE.net>", "<new@example.net>")]
        gate.sessions.pop().close()
        return replies if replies[0].goes_on and not replies[1].goes_on else None
    replies = wait_until(answers, "known goes through and new does not", explain=gate.daemon.log)
    assert replies[1].code == 4 and "login_state.slowed" in replies[1].text
    gate.settle()
    assert shown(gate, ALICE)["correspondents"] == {"remembered": 1, "known": 1}


def test_who_is_known_by_correspondents_alone(gate, tmp_path):
    """Nothing was counted yet of whom a file of records knows: that is something, and no wrong name."""
    send(gate)
    wait_for_count(gate, "messages", 1, ALICE)
    past = tmp_path / "decisions.jsonl"
    past.write_text(json.dumps({**older(gate.settled, 30), "login": CAROL}) + "\n")
    assert words(gate, "learn", "--file", past) == [
        "1 decision was read, 1 message of logins had left; 1 correspondent is remembered."]
    found = wait_until(lambda: (lambda now: now if now["correspondents"]["remembered"] else None)(
        json.loads(look_back.output(gate.daemon, "limits", "show", CAROL, "--json"))), "it is remembered")
    assert found["found"] and found["correspondents"] == {"remembered": 1, "known": 1}
    lines = words(gate, "show", CAROL)
    assert "first message none was counted" in lines and "correspondents 1, 1 of them known" in lines, lines
    assert words(gate, "reset", CAROL) == ["The counters of the login carol@example.com begin anew; nothing had been "
                                           "counted, but 1 correspondent is remembered."]
    assert words(gate, "reset", CAROL, "--habit") == [
        "The counters of the login carol@example.com begin anew, and what it was like is forgotten; nothing had been "
        "counted, but 1 correspondent was remembered."]
    wait_until(lambda: "Nothing was counted" in look_back.output(gate.daemon, "limits", "show", CAROL), "it is forgotten")
    assert words(gate, "reset", CAROL)[0].endswith("nothing had been counted: is the name right?")
    words(gate, "learn", "--file", past)
    assert "counted" not in look_back.run_as(None, gate.daemon, "login", "slow", CAROL).stderr


def test_what_nobody_heard_of(gate, tmp_path):
    """Of a change it is said that it was made."""
    send(gate)
    wait_for_count(gate, "messages", 1, ALICE)
    for arguments in (("limits", "show", ALICE), ("limits", "top"), ("limits", "top", "--json"), ("login",),
                      ("limits", "show", ALICE, "--json"), ("login", "--json"), ("login", "show", ALICE)):
        assert "change was made" not in look_back.unheard(gate.daemon, *arguments)
    past = tmp_path / "decisions.jsonl"
    past.write_text(json.dumps(older(gate.settled, 30)) + "\n")
    for arguments in (("limits", "reset", ALICE), ("login", "freeze", ALICE), ("login", "thaw", ALICE),
                      ("limits", "learn", "--file", past), ("limits", "learn", "--json", "--file", past)):
        assert "the change was made" in look_back.unheard(gate.daemon, *arguments)
    wait_for_count(gate, "messages", 0, ALICE)


def test_learning_without_a_past(start_daemon):
    gate = start_daemon(config=COUNTING.replace(HISTORY, "").replace('json = "{folder}/log/decisions.jsonl"', 'json = ""'))
    assert "no decisions are kept" in look_back.complaint(gate.daemon, "limits", "learn", status=78)
    assert "No such file" in look_back.complaint(gate.daemon, "limits", "learn", "--file", "/nowhere", status=66)
