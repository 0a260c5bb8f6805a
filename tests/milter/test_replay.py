"""submilterctl replay: what it foretells of a candidate configuration is what then happens."""

import json
import os
import signal
import subprocess

import pytest

from daemon import BUILD, HISTORY, Daemon
from gate import Gate
from harness.milter_mta import SENDMAIL, POSTFIX, Client, Message

CTL = str(BUILD / "ctl" / "submilterctl")
HEADERS = dict(Message().headers)


def headers(**changed):
    """The usual fields; None leaves one out."""
    fields = {**HEADERS, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return tuple((name, value) for name, value in fields.items() if value is not None)


def message(**changed):
    return Message(headers=headers(**changed))


TWO = ("<bob@example.net>", "<carol@elsewhere.example>")
TRAFFIC = [
    (Message(), Client(), POSTFIX),
    (message(Message_ID=None, Date=None), Client(), POSTFIX),
    (message(From=" ceo@example.com"), Client(), POSTFIX),
    (message(From=' "boss@example.org" <alice@example.com>'), Client(), POSTFIX),
    (Message(mail_from="<ceo@example.com>"), Client(), POSTFIX),
    (Message(), Client(tls=None), POSTFIX),
    (Message(), Client(login=None), POSTFIX),
    (Message(), Client(tls=("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "128")), POSTFIX),
    (Message(rcpts=TWO), Client(), POSTFIX),
    (Message(rcpts=TWO[1:]), Client(), POSTFIX),
    (Message().plus(("X-Mailer", " Pigeon 3"), ("X-Spam-Flag", " NO")), Client(), POSTFIX),
    (Message().plus(("To", " again@example.net")), Client(), POSTFIX),
    (message(Date=" Sat, 21 Nov 2009 10:00:00 +0000"), Client(), POSTFIX),
    (message(From=" Alice Q. <alice@example.com>", To=" a b <bob@example.net>"), Client(), SENDMAIL),
    (Message(body=b"x" * 3000 + b"\r\n"), Client(), POSTFIX),
    (message(From=" Alice <alice@example.org>"), Client(login="alice@example.org"), POSTFIX),
    (Message(mail_from="<>"), Client(), POSTFIX),
    (Message().plus(*[(f"X-{number}", " x") for number in range(30)]), Client(), POSTFIX),
    (Message().plus(*[(f"X-{number}", " x") for number in range(1100)]), Client(), POSTFIX),
    (Message(rcpts=tuple(f"<{number}@example.net>" for number in range(1005))), Client(), POSTFIX),
    (Message(body=b"x" * ((1 << 20) + 1) + b"\r\n"), Client(), POSTFIX),
    (Message().plus(("X-Once", " 1"), ("Content-Type", " text/plain"), ("X-Once", " 2")), Client(), POSTFIX),
]
PEOPLE = """
policies: { submission: { display_name: { mode = "enforce"; }; privacy: { mode = "enforce"; };
  tls: { min_version = "TLSv1.3"; }; recipients: { forbidden_domains = [ "elsewhere.example" ]; };
  from: { mode = "observe"; }; date: { action = "reject"; }; body_syntax: { max_line = 2000; };
  header_once: { fields = [ "Subject", "X-Once" ]; }; header_syntax: { max_fields = 30; }; envelope: { mode = "off"; }; }; };
"""
NOBODY = ""


@pytest.fixture(params=["", 'capture = "headers"; '], ids=["plain", "captured"])
def site(request):
    daemon = Daemon()
    daemon.template = daemon.template.replace("log: {{ ", "log: {{ " + request.param)
    daemon.configure()
    yield daemon
    daemon.remove()


def play(daemon):
    """The records of each message, one list a message."""
    daemon.start()
    gate = Gate(daemon)
    said = []
    for one, client, mta in TRAFFIC:
        before = len(daemon.records())
        gate.play(one, client, mta)
        gate.settle()
        said.append(daemon.records()[before:-1])
    gate.close()
    assert daemon.stop() == 0
    return said


def replay(daemon, *options, status=None, **more):
    done = subprocess.run([CTL, "-c", str(daemon.config), "replay", *options], stdin=more.pop("stdin", subprocess.DEVNULL),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False, text=True, **more)
    assert status is None or done.returncode == status, done
    return done


def candidate(daemon, text):
    path = daemon.folder / "candidate.conf"
    path.write_text(daemon.config.read_text() + text)
    return path


def judged_as(record):
    rule = f" {record['rule']}.{record['reason']}" if record["rule"] else ""
    at = f" at {record['command']}" if record["command"] else ""
    return record["action"] + rule + at


def edits_of(record):
    return ", ".join(f"{edit['kind']} {edit['name']}" for edit in record["edits"]) or "-"


def foretold(sample, record):
    """What it says that would be, in the words of a record."""
    return edits_of(record) if sample["kind"] == "edited_otherwise" else judged_as(record)


def test_the_same_configuration(site):
    said = play(site)
    count = sum(len(records) + 1 for records in said)
    done = replay(site, status=0)
    assert f"{count} decisions from" in done.stdout and f"{count}  the same" in done.stdout
    assert "otherwise" not in done.stdout
    result = json.loads(replay(site, "--json", status=0).stdout)
    assert result["decisions"] == result["same"] == count
    assert result["rules"] == result["logins"] == result["samples"] == []
    assert ("header_syntax" in result["not_judged_again"]) == ("capture" not in site.template)


def test_what_is_foretold_is_what_happens(site):
    """Message by message: under the candidate each comes to what the replay said of it."""
    said = play(site)
    new = candidate(site, PEOPLE)
    result = json.loads(replay(site, "--config", str(new), "--samples", "1000", "--json", status=1).stdout)
    samples = {sample["id"]: sample for sample in result["samples"]}
    site.config.write_text(new.read_text())
    happened = play(site)
    kinds = set()
    for (one, *_), before, after in zip(TRAFFIC, said, happened):
        kinds |= {samples[record["id"]]["kind"] for record in before if record["id"] in samples}
        first, now = before[0], after[0]
        sample = samples.get(first["id"])
        if not sample:
            assert judged_as(first) == judged_as(now) and edits_of(first) == edits_of(now), one
        elif sample["kind"] == "let_on":
            assert judged_as(now) != judged_as(first)
        elif "of 2 recipients" in sample["now"]:
            assert [judged_as(record) for record in after] == [sample["now"].split(" for ")[0], "accept"]
        elif sample["kind"] == "observed_otherwise":
            assert judged_as(first) == judged_as(now)
        else:
            assert foretold(sample, now) == sample["now"], (one, sample)
            assert foretold(sample, first) == sample["then"]
    assert kinds >= {"newly_refused", "newly_accepted", "let_on", "edited_otherwise"}


def test_who_and_what(site):
    play(site)
    new = candidate(site, 'policies: { submission: { recipients: { max = 1; }; from: { mode = "off"; }; }; };\n')
    result = json.loads(replay(site, "--config", str(new), "--json", status=1).stdout)
    rules = {(row["rule"], row["then"], row["now"]): (row["decisions"], row["logins"]) for row in result["rules"]}
    assert rules[("recipients", None, "reject too-many")] == (2, 1)
    assert rules[("from", "reject not-owned", None)][1] == 1
    logins = {row["login"]: row for row in result["logins"]}
    assert logins["alice@example.com"]["newly_refused"] == 2
    assert "alice@example.org" not in logins
    text = replay(site, "--config", str(new), status=1).stdout
    assert "What rules find otherwise" in text and "Whom it concerns" in text
    samples = [sample for sample in result["samples"] if sample["kind"] == "newly_refused"]
    assert [sample["now"].split(" for ")[1] for sample in samples] == ["1 of 2 recipients", "999 of 1000 recipients"]
    assert all(sample["id"] in text for sample in samples)


def test_a_stretch_of_time(site):
    said = play(site)
    last = said[-1][-1]
    assert json.loads(replay(site, "--since", "1h", "--json").stdout)["decisions"] > len(TRAFFIC)
    assert json.loads(replay(site, "--until", "1h", "--json").stdout)["decisions"] == 0
    since = json.loads(replay(site, "--since", last["time"], "--json").stdout)
    assert since["decisions"] == 2 and since["first"] <= last["time"] <= since["last"]


def test_from_the_history(site):
    """The database and the lines say the same, over all of the time and over a part of it."""
    site.template += HISTORY
    site.configure()
    said = play(site)
    new = candidate(site, PEOPLE)
    for more in [(), ("--since", said[-2][0]["time"]), ("--until", said[3][0]["time"])]:
        arguments = ("--config", str(new), "--json", "--samples", "100", *more)
        rows = json.loads(replay(site, *arguments, status=1).stdout)
        lines = json.loads(replay(site, *arguments, "--file", str(site.records_file), status=1).stdout)
        assert rows == lines and rows["decisions"]


def test_what_is_no_record(site, tmp_path):
    play(site)
    good = site.records_file.read_bytes()
    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(b"{}\n" + good + b"\n\xff\n{\"id\":\n")
    done = replay(site, "--file", str(broken), "--json", status=0)
    assert json.loads(done.stdout)["unreadable"] == 3
    assert f"3 lines are no records and left out; the first: {broken}:1: id: expected" in done.stderr
    with open(broken, "rb") as stdin:
        assert "standard input:1: id" in replay(site, "--file", "-", status=0, stdin=stdin).stderr


def test_older_records(site, tmp_path):
    """Without what older versions did not write: said, and nothing differs."""
    play(site)
    new = ("smtp", "rcpts", "body", "own_signature", "limits", "header", "mta_host")
    old = tmp_path / "old.jsonl"
    records = [json.loads(line) for line in site.records_file.read_text().splitlines()]
    old.write_text("".join(json.dumps({key: value for key, value in record.items() if key not in new}) + "\n"
                           for record in records))
    result = json.loads(replay(site, "--file", str(old), "--json", status=0).stdout)
    assert result["older"] == result["same"] == len(records)
    asked = [record for record in records if "from" in {verdict["rule"] for verdict in record["verdicts"]}]
    assert result["not_judged_again"]["from"]["as_then"] == len(asked)
    stricter = candidate(site, 'policies: { submission: { auth: { mechanisms = [ "LOGIN" ]; }; }; };\n')
    refused = json.loads(replay(site, "--file", str(old), "--config", str(stricter), "--json", status=1).stdout)
    assert refused["newly_refused"]


def test_faults_are_left_out(site, tmp_path):
    play(site)
    record = json.loads(site.records_file.read_text().splitlines()[0])
    record.update(action="tempfail", rule="internal", reason="fault", fault="out of memory")
    file = tmp_path / "fault.jsonl"
    file.write_text(json.dumps(record) + "\n")
    result = json.loads(replay(site, "--file", str(file), "--json", status=0).stdout)
    assert (result["faults"], result["same"], result["decisions"]) == (1, 0, 1)


def test_wrong_arguments(site):
    assert "--samples" in replay(site, "--samples", "many", status=64).stderr
    assert "--since" in replay(site, "--since", "whenever", status=64).stderr
    assert "no argument" in replay(site, "now", status=64).stderr
    assert "none.conf" in replay(site, "--config", "/none.conf", status=78).stderr
    assert "No such file" in replay(site, "--file", "/none.jsonl", status=66).stderr


def test_interrupted(site):
    """While it waits for records: one line, and nothing half-said."""
    play(site)
    read, write = os.pipe()
    with subprocess.Popen([CTL, "-c", str(site.config), "replay", "--file", "-"], stdin=read, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, restore_signals=True,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
        os.close(read)
        line = site.records_file.read_bytes().splitlines(keepends=True)[0]
        for _ in range(1000):  # more than a pipe holds: it reads, so it catches signals
            os.write(write, line)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
        os.close(write)
    assert (process.returncode, stdout, stderr) == (130, "", "submilterctl: interrupted\n")


def test_a_copy_elsewhere_without_its_conf_d(site):
    """What stands in conf.d is no part of a copy of the file alone: that is said, and only where it is so."""
    said = "conf.d is not read with"
    site.records_file.write_text("")
    new = candidate(site, "")
    records = "--file", str(site.records_file)
    elsewhere = site.folder / "elsewhere"
    elsewhere.mkdir()
    copy = elsewhere / "copy.conf"
    copy.write_text(new.read_text())
    assert said not in replay(site, *records, "--config", str(copy), status=0).stderr
    parts = site.folder / "conf.d"
    parts.mkdir()
    assert said not in replay(site, *records, "--config", str(copy), status=0).stderr
    (parts / "observe.conf").write_text('policies: { submission: { from: { mode = "observe"; }; }; };\n')
    stderr = replay(site, *records, "--config", str(copy), status=0).stderr
    assert f"{site.config}'s conf.d is not read with {copy}: copy {parts} beside it" in stderr
    assert said not in replay(site, *records, "--config", str(new), status=0).stderr
    assert said not in replay(site, *records, status=0).stderr
    (elsewhere / "conf.d").mkdir()
    assert said not in replay(site, *records, "--config", str(copy), status=0).stderr
