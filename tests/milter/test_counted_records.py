"""Records tell what was counted, explain says it in words, and other limits are tried on them."""

import datetime
import json
import re

import pytest

from counters import COUNTING
from daemon import CONFIG, HISTORY, Daemon
from gate import Gate
from harness.milter_mta import POSTFIX, Client, Message
from harness.waiting import wait_until
from look_back import ask
from looked_at import wait_for_rows
from test_replay import candidate, replay

LIMITS = 'policies: {{ submission: {{ limits: {{ mode = "{}"; login = [ "{}" ]; contain = [ ]; }}; }}; }};\n'
SENT = {"alice@example.com": 6, "alice@example.org": 4}
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def mail(login):
    fields = [field for field in Message().headers if field[0] != "From"]
    return Message(mail_from=f"<{login}>").with_headers(("From", f" {login}"), *fields), Client(login=login)


@pytest.fixture(scope="module")
def site():
    """Two logins have sent more, and fewer, than an observed limit lets through."""
    daemon = Daemon(LIMITS.format("observe", "5 messages/hour"), config=CONFIG + HISTORY)
    try:
        gate = Gate(daemon.start())
        for login, count in SENT.items():
            for _ in range(count):
                gate.play(*mail(login))
        daemon.sent = gate.records(sum(SENT.values()))
        wait_for_rows(daemon, len(daemon.sent))
        assert daemon.stop() == 0, daemon.log()[-4000:]
        yield daemon
    finally:
        daemon.remove()


def limits_verdict(record):
    return next(verdict for verdict in record["verdicts"] if verdict["rule"] == "limits")


def test_a_record_has_what_was_counted_before_it(site):
    for login, count in SENT.items():
        records = [record for record in site.sent if record["login"] == login]
        assert len(records) == count
        for before, record in enumerate(records):
            counted = record["limits"]["login"]
            size = record["size"]
            assert counted.get("messages", [0] * 3)[1:] == [before] * 2
            assert counted.get("recipients", [0] * 3)[1:] == [before] * 2
            assert counted.get("bytes", [0] * 3)[1:] == [before * size] * 2
            assert counted.get("new", [0] * 3)[1:] == [min(before, 1)] * 2
            assert record["limits"].get("new_rcpts", 0) == (before == 0)
            assert record["limits"]["network"]["name"] == "192.0.2.0/24"
            passed = limits_verdict(record)
            assert (passed["outcome"], passed["fact"]) == (
                ("violation", "login 6 messages/hour of 5") if before == 5 else ("pass", ""))


def test_explain_says_it_in_words(site):
    words = ask(site, "explain", site.sent[5]["id"])
    assert "Counted before it, in the last minute, hour and day:\n" in words
    assert "  login: with this one 6 messages in the last hour, 5 are let through\n" in words
    assert "  network 192.0.2.0/24    messages " in words
    assert "What a login may send: policies.submission.limits.login\n" in words
    assert "For some logins only: a group of theirs, with rules: { limits: { login = [ ... ]; }; }" in words
    assert f"submilterctl -c {site.config} limits show alice@example.com\n" in words
    first = ask(site, "explain", site.sent[0]["id"])
    assert "  login                   nothing\n" in first
    assert "  of its recipients 1 had never been written to before" in first


def test_observed_names_the_limit(site):
    """And that it would have been deferred, and by how much."""
    text = ask(site, "observed", status=1)
    assert re.search(r"^limits +submission +login +defer +1 +1 ", text, re.M)
    assert re.search(r"^alice@example\.com +limits\.login: login 6 messages/hour of 5 +1 ", text, re.M)
    assert "nothing would have been refused or deferred" in text
    person = json.loads(ask(site, "observed", "--json", status=1))["people"][0]
    assert (person["action"], person["fact"]) == ("tempfail", "login 6 messages/hour of 5")
    text = ask(site, "enforce", "limits", "--dry-run", status=1)
    assert ": 1 that went through would have been deferred, of 1 person:\n" in text
    assert "limits.login: login 6 messages/hour of 5 " in text


def test_the_same_limits_find_the_same(site):
    result = json.loads(replay(site, "--json", status=0).stdout)
    assert result["decisions"] == result["same"] == len(site.sent)


def with_time(record, milliseconds):
    """The record as if it had been written then."""
    digits = [DIGITS[milliseconds >> 5 * place & 31] for place in range(9, -1, -1)]
    when = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)
    return {**record, "id": "".join(digits) + record["id"][10:],
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def time_of(record):
    return sum(DIGITS.index(digit) << 5 * place for place, digit in enumerate(reversed(record["id"][:10])))


@pytest.fixture(scope="module")
def week(site):
    """Seven days like that one."""
    path = site.folder / "week.jsonl"
    with open(path, "w", encoding="utf-8") as file:
        for day in range(6, -1, -1):
            for record in site.sent:
                print(json.dumps(with_time(record, time_of(record) - day * 86400000)), file=file)
    return path


@pytest.mark.parametrize("most", [0, 1, 3, 5, 6])
def test_stricter_limits_on_a_week(site, week, most):
    """By rule and by login: what came after the first so many an hour."""
    new = candidate(site, "")
    new.write_text(site.config.read_text().replace(LIMITS.format("observe", "5 messages/hour"),
                                                   LIMITS.format("enforce", f"{most} messages/hour")))
    refused = {login: 7 * max(0, count - most) for login, count in SENT.items()}
    otherwise = 7 * sum(SENT.values())
    result = json.loads(replay(site, "--config", str(new), "--file", str(week), "--json", status=1).stdout)
    assert result["decisions"] == otherwise and result["newly_refused"] == sum(refused.values())
    assert {row["login"]: row["newly_refused"] for row in result["logins"] if row["newly_refused"]} == {
        login: count for login, count in refused.items() if count}
    enforced = [row for row in result["rules"] if row["rule"] == "limits" and row["now"] == "tempfail login"]
    assert sum(row["decisions"] for row in enforced) == sum(refused.values())
    assert max([row["logins"] for row in enforced], default=0) == sum(count > 0 for count in refused.values())
    text = replay(site, "--config", str(new), "--file", str(week), status=1).stdout
    assert ("newly refused" in text) == (sum(refused.values()) > 0)


def test_records_without_counts_are_not_judged(site, week):
    """As an older version wrote them: neither of the limits nor of the login's state is anything known."""
    path = site.folder / "older.jsonl"
    counted = ("limits", "login_state")
    with open(path, "w", encoding="utf-8") as file:
        for record in site.sent:
            older = {key: value for key, value in record.items() if key != "limits"}
            older["verdicts"] = [verdict for verdict in record["verdicts"] if verdict["rule"] not in counted]
            print(json.dumps(older), file=file)
    new = candidate(site, "")
    new.write_text(site.config.read_text().replace('"5 messages/hour"', '"1 messages/hour"'))
    result = json.loads(replay(site, "--config", str(new), "--file", str(path), "--json", status=0).stdout)
    assert result["same"] == len(site.sent)
    for rule in counted:
        assert result["not_judged_again"][rule] == {"as_then": 0, "not_at_all": len(site.sent)}


SIGN = 'policies: {{ submission: {{ many_networks: {{ mode = "{}"; max_hour = 2; then = "{}"; }}; }}; }};\n'


@pytest.fixture(scope="module")
def roaming():
    """One login, from a network more with each message; it only counts as a sign."""
    daemon = Daemon(SIGN.format("observe", "slow"), config=CONFIG + HISTORY)
    try:
        gate = Gate(daemon.start())
        for number in range(4):
            gate.play(Message(), Client(address=f"192.0.{number}.7"))
        daemon.sent = gate.records(4)
        wait_for_rows(daemon, 4)
        assert daemon.stop() == 0, daemon.log()[-4000:]
        yield daemon
    finally:
        daemon.remove()


def test_an_observed_sign_is_seen(roaming):
    """The mail went out, and would have, so that only the login shows what it would have come to."""
    for number, record in enumerate(roaming.sent):
        verdict = next(verdict for verdict in record["verdicts"] if verdict["rule"] == "many_networks")
        assert (verdict["action"], verdict.get("contain")) == ("accept", "slow" if number >= 2 else None)
        assert record["limits"]["habit"]["networks_hour"] == number + 1
        assert "contained" not in record
    observed = json.loads(ask(roaming, "observed", "--json", status=1))
    assert [(row["rule"], row["reason"], row["action"], row["messages"]) for row in observed["would_refuse"]] == [
        ("many_networks", "hour", "slow", 2)]
    assert "many_networks" not in [row["rule"] for row in observed["ready"]]
    assert "many_networks.hour: 4 networks/hour of 2 " in ask(roaming, "observed", status=1)
    enforced = ask(roaming, "enforce", "many_networks", "--dry-run", status=1)
    assert ": 2 that went through would have been taken as a sign to slow the login, of 1 person:\n" in enforced
    log = ask(roaming, "log", "--would", "--rule", "many_networks")
    assert log.count("would slow: many_networks.hour") == 2
    words = ask(roaming, "explain", roaming.sent[3]["id"])
    assert "many_networks     observed  would slow       hour: 4 networks/hour of 2\n" in words
    assert "  many_networks.hour would have slowed the login\n" in words
    assert "    networks: 4 within the hour, 4 within the day\n" in words
    assert f"submilterctl -c {roaming.config} log --since 7d --would --rule many_networks\n" in words


def test_signs_are_tried_on_the_past(roaming):
    """Enforced it puts off what goes to people that the login did not know, from the first such message on."""
    new = candidate(roaming, "")
    new.write_text(roaming.config.read_text().replace(SIGN.format("observe", "slow"), SIGN.format("enforce", "freeze")))
    result = json.loads(replay(roaming, "--config", str(new), "--json", status=1).stdout)
    assert {(row["rule"], row["then"], row["now"]): row["decisions"] for row in result["rules"]} == {
        ("many_networks", "would slow hour", "freeze hour"): 2, ("login_state", None, "tempfail frozen"): 2}
    assert result["newly_refused"] == 2 and result["same"] == 2


THAWED = """\
policies: {{ submission: {{ many_refusals: {{ mode = "enforce"; max_hour = 2; }}; }}; }};
counters: {{ file = "{folder}/lib/limits"; }};
"""


def test_what_an_admin_has_thawed_is_let_go_again(start_daemon):
    """The sign is still there, and leads to nothing: then, and when it is judged again."""
    gate = start_daemon(config=CONFIG + HISTORY + THAWED)
    message, client = mail("alice@example.com")
    for _ in range(3):
        assert gate.play(mail("ceo@example.com")[0], client).reply.code == 5
    assert gate.play(message, client).reply.text.startswith("451 ")
    assert gate.records(4)[3]["contained"] == "slowed"
    ask(gate.daemon, "login", "thaw", "alice@example.com")
    wait_until(lambda: gate.play(message, client).accepted, "thaw", explain=gate.daemon.log)
    wait_until(lambda: gate.daemon.records()[-1]["action"] == "accept", "its record")
    wait_for_rows(gate.daemon, len(gate.daemon.records()))
    record = gate.daemon.records()[-1]
    sign = next(verdict for verdict in record["verdicts"] if verdict["rule"] == "many_refusals")
    assert (record["action"], sign["contain"]) == ("accept", "slow") and "contained" not in record
    assert record["limits"]["standing"]["state"] == "normal" and record["limits"]["standing"]["until"] > 0
    result = json.loads(replay(gate.daemon, "--json", status=0).stdout)
    assert result["decisions"] == result["same"] == len(gate.daemon.records())
    text = ask(gate.daemon, "explain", record["id"])
    assert "the login was normal, since " in text and "login thaw" not in text
    assert re.search(r"many_refusals +enforced +did not slow +hour", text)


def test_a_sign_that_a_thaw_outweighs(start_daemon):
    """It is said of the login that was taken to a state, and of no other, that it was."""
    gate = start_daemon(SIGN.format("enforce", "slow"), config=COUNTING)
    daemon = gate.daemon
    assert daemon.stop() == 0, daemon.log()[-4000:]
    ask(daemon, "login", "thaw", "alice@example.com")
    daemon.start()
    said = {}
    for login in SENT:
        for number in range(3):
            gate.play(mail(login)[0], Client(login=login, address=f"192.0.{number}.7"))
        newest = gate.records(3)[-1]
        said[login] = ask(daemon, "explain", "--file", daemon.folder / "log" / "decisions.jsonl", newest["id"])
    thawed, taken = said.values()
    assert "  many_networks.hour would have slowed the login, but did not: it had been thawed" in thawed
    assert "\n  many_networks     enforced  did not slow     hour: 3 networks/hour of 2\n" in thawed
    assert "  many_networks.hour slowed the login\n" in taken
    assert "\n  many_networks     enforced  slowed the login hour: 3 networks/hour of 2\n" in taken
