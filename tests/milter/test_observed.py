"""submilterctl observed: what rules in observe would have refused, of whom, and which are ready."""

import json
import re

from daemon import PROGRAM
from look_back import ask
from looked_at import HOSTILE
from observing import ctl, enforce, observing  # noqa: F401


def test_observed_counts_them(observing):
    daemon = observing.daemon
    done = ctl(daemon, "observed", "--json")
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert said["decisions"] == 7
    assert [(row["rule"], row["policy"], row["reason"], row["action"], row["messages"], row["people"])
            for row in said["would_refuse"]] == [("from", "submission", "not-owned", "reject", 4, 3)]
    assert said["would_refuse"][0]["last"] == observing.traffic[-1]["time"]
    foreign = [record for record in observing.traffic if record["login"] not in record["from"]]
    assert {person["login"]: person["messages"] for person in said["people"]} == {
        "alice@example.com": 2, "bob@example.com": 1, "lab@example.com": 1}
    for person in said["people"]:
        own = [record for record in foreign if record["login"] == person["login"]]
        assert person["last"] == own[-1]["time"]
        assert person["id"] in [record["id"] for record in own if record["time"] == person["last"]]
    ready = {row["rule"]: row["judged"] for row in said["ready"] if row["policy"] == "submission"}
    assert ready["sender"] == ready["display_name"] == 7 and "from" not in ready


def test_observed_says_the_same_of_the_lines(observing):
    """The file of records answers as the database does, but for when it was asked."""
    daemon = observing.daemon
    answers = [json.loads(ctl(daemon, "observed", "--json", "--since", "2026-01-01T00:00:00Z", *more).stdout)
               for more in ([], ["--file", str(daemon.records_file)])]
    assert answers[0] == answers[1] and answers[0]["people"]


def test_observed_is_narrowed(observing):
    daemon = observing.daemon
    bob = json.loads(ctl(daemon, "observed", "--json", "--login", "bob@example.com").stdout)
    assert [person["login"] for person in bob["people"]] == ["bob@example.com"] and bob["decisions"] == 2
    sender = ctl(daemon, "observed", "--json", "--rule", "sender")
    assert sender.returncode == 0
    assert [row["rule"] for row in json.loads(sender.stdout)["ready"]] == ["sender"]
    early = ctl(daemon, "observed", "--until", observing.traffic[0]["time"])
    assert early.returncode == 0 and "No rule was observed" in early.stdout
    assert ctl(daemon, "observed", "--rule", "sendr").returncode == 64


def test_observed_for_people(observing):
    """The tables: no byte of mail steers the terminal, the example's id explains it."""
    done = ctl(observing.daemon, "observed")
    assert done.returncode == 1 and "\x1b" not in done.stdout
    line = next(line for line in done.stdout.splitlines() if line.startswith("bob@example.com"))
    assert "from.not-owned" in line
    assert ctl(observing.daemon, "explain", line.split()[-1]).returncode == 0
    assert "sender in submission: 7 judged" in done.stdout and "from in submission:" not in done.stdout


def test_records_from_elsewhere_cannot_steer(start_daemon, tmp_path):
    """A file of records is whose it is: a rule's and a policy's names are text like any other."""
    verdict = {"rule": f"from{HOSTILE}", "outcome": "pass", "mode": "observe", "action": "reject"}
    lines = tmp_path / "lines"
    lines.write_text(json.dumps({"id": "1", "time": "2026-11-20T10:00:00.000Z", "action": "accept",
                                 "policy": f"submission{HOSTILE}", "verdicts": [verdict]}) + "\n")
    text = ask(start_daemon().daemon, "observed", "--file", lines, "--since", "2026-11-20", "--until", "2026-11-21")
    assert "Ready to enforce" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", text), repr(text)


def test_a_login_of_which_nothing_is_known(observing):
    none = ctl(observing.daemon, "observed", "--login", "nosuch\x1b[1m")
    assert none.returncode == 0 and "Nothing is known of the login nosuch" in none.stdout and "\x1b" not in none.stdout
    assert "No rule was observed" not in none.stdout


def test_what_is_enforced_by_now_is_marked(observing):
    """For those for whom it is: the group goes on observing it."""
    daemon = observing.daemon
    assert "enforced now" not in ctl(daemon, "observed").stdout
    assert enforce(daemon, "--yes").returncode == 0
    assert ctl(daemon, "enforce", "sender", "--daemon", str(PROGRAM)).returncode == 0
    text = ctl(daemon, "observed").stdout
    rows = {line.split()[0]: line for line in text.splitlines() if "from.not-owned" in line}
    marked = "from.not-owned (enforced now)"
    assert marked in rows["alice@example.com"] and marked in rows["bob@example.com"]
    assert "enforced now" not in rows["lab@example.com"] and "reject (enforced now)" not in text
    assert "sender in submission: 7 judged (enforced now)" in text
    assert "display_name in submission: 7 judged\n" in text
    said = json.loads(ctl(daemon, "observed", "--json").stdout)
    assert [row["enforced_now"] for row in said["would_refuse"]] == [False]
    assert {row["login"]: row["enforced_now"] for row in said["people"]} == {
        "alice@example.com": True, "bob@example.com": True, "lab@example.com": False}
    alice = ctl(daemon, "observed", "--login", "alice@example.com").stdout
    assert "reject (enforced now)" in alice
