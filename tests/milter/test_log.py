"""submilterctl log: every key finds its decisions, in the history as in JSON lines."""

import array
import contextlib
import datetime
import fcntl
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import termios

import pytest

from daemon import USER, Daemon
from gate import Gate
from harness.waiting import PATIENCE, wait_until
from look_back import Running, ask, command, complaint
from looked_at import (HOSTILE, MAIL, OBSERVING, SENDERS, WOULD_BE_REFUSED, configuration, send_all,
                       wait_for_rows)

STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")
EVERYTHING = set(MAIL)


@pytest.fixture(scope="module")
def site():
    """A daemon that has judged all of MAIL, and the records by their names."""
    daemon = Daemon(config=configuration())
    (daemon.folder / "senders").write_text(SENDERS)
    if os.getuid() == 0:
        shutil.chown(daemon.folder / "senders", USER)
    try:
        daemon.sent = send_all(Gate(daemon.start()))
        yield daemon
        assert daemon.stop() == 0, daemon.log()[-4000:]
    finally:
        daemon.remove()


@pytest.fixture(params=["history", "lines", "standard input"])
def log(request, site):
    """Asks log; returns what it prints."""
    def ask_log(*arguments, **options):
        if request.param == "lines":
            arguments = ("--file", site.records_file, *arguments)
        if request.param == "standard input":
            arguments = ("--file", "-", *arguments)
            options["stdin"] = site.records_file.read_text()
        return ask(site, "log", *arguments, **options)
    return ask_log


def names(site, text):
    """Which of MAIL these JSON lines are, in their order."""
    by_id = {record["id"]: name for name, record in site.sent.items()}
    return [by_id[json.loads(line)["id"]] for line in text.splitlines()]


@pytest.mark.parametrize("options, expected", [
    ((), EVERYTHING),
    (("--login", "alice@example.com"), EVERYTHING - {"no-login"}),
    (("--login", "bob"), set()),
    (("--login", ""), {"no-login"}),
    (("--login", "", "--rule", "from"), set()),
    (("--address", "CEO@example.com"), {"not-owned", "at-mail"}),
    (("--address", "bob@example.net"), None),
    (("--client", "198.51.100.9"), {"no-login"}),
    (("--client", "2001:db8::/32"), {"stranger", "again"}),
    (("--client", "192.0.2.0/24"), EVERYTHING - {"stranger", "again", "no-login"}),
    (("--rule", "auth"), {"no-login"}),
    (("--reason", "not-owned", "--rule", "envelope"), {"at-mail", "no-login"}),
    (("--reason", "envelope.not-owned"), {"at-mail", "no-login"}),
    (("--action", "accept"), {"accepted", "of-bob", "observed"}),
    (("--action", "fix"), {"mended"}),
    (("--queue-id", "4Twice0"), {"stranger", "again"}),
    (("--would",), {"observed"}),
    (("--would", "--rule", "from"), set()),
    (("--since", "1h", "--until", "1h"), set()),
    (("--since", "2000-01-01"), EVERYTHING),
    (("--until", "2000-01-01 12:00"), set()),
    (("--limit", "2"), {"mended", "hostile"}),
    (("--limit", "1", "--action", "accept"), {"observed"}),
], ids=str)
def test_every_key(site, log, options, expected):
    found = names(site, log("--json", *options))
    if expected is not None:
        assert set(found) == expected
    assert found == [name for name in MAIL if name in found], "oldest first"


def test_by_id_in_any_case(site, log):
    for name, record in site.sent.items():
        assert names(site, log("--json", "--id", record["id"].lower())) == [name]


def test_times_have_both_ends(site, log):
    """The first moment is within, the last is not."""
    since, until = site.sent["of-bob"]["time"], site.sent["observed"]["time"]
    found = names(site, log("--json", "--since", since, "--until", until)) if since != until else []
    assert found == [name for name in MAIL if since <= site.sent[name]["time"] < until]


def test_json_is_the_records(site, log):
    assert [json.loads(line) for line in log("--json").splitlines()] == list(site.sent.values())


def test_table(site, log):
    title, *rows = log().splitlines()
    assert title.split("  ")[0] == "TIME"
    columns = [match.start() for match in re.finditer(r"(?<!\S)\S+( \S+)*", title)]
    cells = {}
    for name, row in zip(MAIL, rows):
        cells[name] = [row[start:end].strip() for start, end in zip(columns, columns[1:] + [None])]
    assert len(rows) == len(MAIL)
    time, *rest = cells["not-owned"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", time)
    assert rest == ["alice@example.com", "192.0.2.7", "ceo@example.com", "reject", "from.not-owned", "4NotOwned0",
                    site.sent["not-owned"]["id"]]
    assert cells["at-mail"][3:7] == ["<ceo@example.com>", "reject", "envelope.not-owned", "-"]
    assert cells["no-login"][1] == "-"
    assert cells["observed"][4:6] == ["accept", "would reject: display_name.other-address"]


def test_times_are_local_in_tables(site, log):
    environment = {**os.environ, "TZ": "XXX-5:30"}
    utc = site.sent["accepted"]["time"]
    shown = log("--limit", "10", environment=environment).splitlines()[1][:19]
    there = datetime.datetime.fromisoformat(utc.replace("Z", "+00:00")) + datetime.timedelta(hours=5, minutes=30)
    assert shown == there.strftime("%Y-%m-%d %H:%M:%S")


def test_hostile_text_is_escaped(site, log):
    """What a client sent can't steer the terminal, nor begin a line."""
    text = log()
    assert not STEERS.search(text)
    assert len(text.splitlines()) == len(MAIL) + 1
    assert HOSTILE not in text and r"\x1b[2J" in text


def terminal(site, width, *arguments, environment=None):
    """What it writes to a terminal that is so wide."""
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "cols", str(width)], stdin=theirs, check=True)
    environment = environment or {**os.environ, "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(command(site, *arguments), stdin=subprocess.DEVNULL, stdout=theirs,
                          env=environment) as process:
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:  # the other end is closed
            pass
        assert process.wait() == 0
    os.close(ours)
    return seen.decode()


@pytest.mark.parametrize("width", [80, 100, 128, 400])
def test_rows_fit_the_terminal(site, width):
    """First the queue ids go, then the ids, and only then what matters is cut."""
    lines = terminal(site, width, "log").replace("\r\n", "\n").splitlines()
    assert len(lines) == len(MAIL) + 1
    assert max(map(len, lines)) <= width
    for line, record in zip(lines[1:], site.sent.values()):
        assert (record["id"] in line) == (width >= 128)
        assert f" {record['rule']}.{record['reason']}" in line or not record["rule"]
        assert re.match(r"(\d\d-\d\d )?\d\d:\d\d:\d\d ", line), "no year"
    assert ("…" in "".join(lines)) == (width < 400)
    assert ("QUEUE ID" in lines[0]) == (width == 400)
    assert "FROM" in lines[0] and "would reject: display_name.other-address" in "".join(lines)


def test_no_ellipsis_without_utf8(site):
    seen = terminal(site, 80, "log", environment={**os.environ, "LC_ALL": "C"})
    assert "…" not in seen and "..." in seen


@pytest.fixture(scope="module")
def observing():
    """A daemon that had one mail, which several observed rules would have refused."""
    daemon = Daemon(config=configuration(OBSERVING))
    (daemon.folder / "senders").write_text(SENDERS)
    if os.getuid() == 0:
        shutil.chown(daemon.folder / "senders", USER)
    try:
        gate = Gate(daemon.start())
        gate.play(WOULD_BE_REFUSED)
        gate.record()
        wait_for_rows(daemon, 1)
        yield daemon
        assert daemon.stop() == 0, daemon.log()[-4000:]
    finally:
        daemon.remove()


def test_what_several_rules_would_have_done(observing):
    """One list of words, and before what was mended."""
    assert (" would reject: auth.mechanism from.not-owned recipients.too-many; message_id."
            in ask(observing, "log"))


@pytest.mark.parametrize("width", [80, 120])
def test_what_matters_is_seen(observing, width):
    lines = terminal(observing, width, "log").replace("\r\n", "\n").splitlines()
    assert max(map(len, lines)) <= width
    assert "would reject: auth.mechanism from." in lines[1] and " ceo@exam" in lines[1]
    assert ("from.not-owned" in lines[1]) == (width == 120)


def test_json_on_a_terminal_cannot_steer_it(site):
    seen = terminal(site, 80, "log", "--json").replace("\r\n", "\n")
    assert not STEERS.search(seen)


@pytest.mark.parametrize("arguments, words", [
    (("--rule", "form"), 'there is no rule "form"; did you mean "from"?'),
    (("--action", "refuse"), 'there is no action "refuse"'),
    (("--reason", "frm.not-owned"), 'there is no rule "frm"'),
    (("--client", "localhost"), '--client: "localhost" is no address'),
    (("--action", "tempfail", "--action", "reject"), '--action: "tempfail" and "reject" were given; say one of them'),
    (("--login", "alice", "--login", "bob"), '--login: "alice" and "bob" were given'),
    (("--reason", "from.not-owned", "--rule", "tls"), '--rule: "from" and "tls" were given'),
    (("--reason", "a", "--reason", "from.b"), '--reason: "a" and "b" were given'),
    (("--limit", "0"), "--limit: expected a number from 1"),
    (("--limit", "-1"), "--limit: expected a number from 1"),
    (("--since", "soon"), '--since: "soon" is no time'),
    (("--follow", "--until", "now"), "--follow"),
    (("--follow", "--file", "-"), "standard input has an end"),
    (("--file", "/nonexistent/a.jsonl"), "/nonexistent/a.jsonl"),
    (("alice",), '"alice" is no option'),
], ids=str)
def test_wrong_arguments_are_named(site, arguments, words):
    status = 66 if "/nonexistent/a.jsonl" in arguments else 64
    assert words in complaint(site, "log", *arguments, status=status)


def test_nothing_found_is_said(site):
    said = complaint(site, "log", "--login", "nobody", "--json", status=0)
    assert f"there is no such decision in {site.history}" in said


def test_lines_that_are_no_records_are_counted(site, tmp_path):
    path = tmp_path / "some.jsonl"
    path.write_text(json.dumps(site.sent["accepted"]) + "\nno record\n{}\n")
    done = subprocess.run(command(site, "log", "--json", "--file", path), capture_output=True, text=True, check=True)
    assert names(site, done.stdout) == ["accepted"]
    assert f"2 lines are no records and left out; the first: {path}:2" in done.stderr


def test_without_any_records(site, tmp_path):
    config = tmp_path / "submilter.conf"
    config.write_text(f'user = "{USER}"; log: {{ json = ""; }};')
    done = subprocess.run([*command(site)[:1], "-c", config, "log"], capture_output=True, text=True, check=False)
    assert done.returncode == 78 and "neither history.file nor log.json is set" in done.stderr


@pytest.mark.parametrize("arguments", [("log",), ("explain", "4X"), ("observed",), ("report",), ("ready", "tls1.3"),
                                       ("propose", "senders"), ("replay",), ("history",),
                                       ("history", "import", "/dev/null")],
                         ids=" ".join)
def test_a_history_that_is_none(site, tmp_path, arguments):
    """One status for all, and the way out where there is one."""
    (tmp_path / "history.db").write_text("This is no database. " * 100)
    config = tmp_path / "submilter.conf"
    config.write_text(f'user = "{USER}"; log: {{ json = "{site.records_file}"; }};'
                      f'history: {{ file = "{tmp_path}/history.db"; }};')
    done = subprocess.run([*command(site)[:1], "-c", config, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 66 and "file is not a database" in done.stderr, done
    assert (f"--file {site.records_file}" in done.stderr) == (arguments[0] != "history")


@pytest.mark.skipif(os.getuid() != 0, reason="takes another user's rights")
@pytest.mark.parametrize("locked", ["folder", "history.db"])
def test_a_history_that_may_not_be_read(site, locked):
    """Who may not is told who may."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        place = pathlib.Path(folder) / "folder"
        place.mkdir()
        shutil.copy(site.history, place / "history.db")
        (place / locked if locked != "folder" else place).chmod(0o700 if locked == "folder" else 0o600)
        config = pathlib.Path(folder) / "submilter.conf"
        config.write_text(f'user = "{USER}"; history: {{ file = "{place}/history.db"; }};')
        shutil.copy(command(site)[0], folder)
        done = subprocess.run([f"{folder}/submilterctl", "-c", config, "log"], capture_output=True, text=True,
                              check=False, user="nobody", group="nogroup", extra_groups=[])
    assert done.returncode == 66 and done.stderr.endswith("; be root or in group adm\n"), done


def test_getopt_names_the_program(site):
    assert complaint(site, "log", "--logn=x", status=64).startswith("submilterctl log: unrecognized option '--logn=x'\n")


def test_an_unknown_command(site):
    """Two lines, which stay on the screen."""
    assert complaint(site, "lgo", status=64) == ('submilterctl: there is no command "lgo"; did you mean "log"?\n'
                                                 "submilterctl --help: all commands\n")
    assert "did you mean" not in complaint(site, "xyzzy\x1b", status=64)


def test_help(site):
    text = ask(site, "log", "--help")
    for option in ("--login", "--would", "--since", "--follow", "--limit", "--json", "--file"):
        assert re.search(rf"^  {option}\b", text, re.MULTILINE), option


@pytest.fixture(params=[(), ("--follow",)], ids=["log", "follow"])
def standing_still(request, site):
    """log --json, whose reader reads no more."""
    ours, theirs = os.pipe()
    room = fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command(site, "log", "--json", *request.param), stdin=subprocess.DEVNULL, stdout=theirs, stderr=errors,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        os.close(theirs)
        process.said = errors
        process.follows = bool(request.param)

        def written():
            count = array.array("i", [0])
            fcntl.ioctl(ours, termios.FIONREAD, count)
            return count[0]

        try:
            wait_until(lambda: written() == room, "a pipe that is full")
            yield process
        finally:
            process.kill()
            process.wait()
            os.close(ours)


def test_a_pager_that_stands_still_holds_nothing_up(site, standing_still):
    """The database may take its journal in: nobody reads what it was before."""
    with contextlib.closing(sqlite3.connect(site.history, timeout=0)) as database:
        wait_until(lambda: database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "a checkpoint")
    assert standing_still.poll() is None


def test_interrupted_while_it_writes(standing_still):
    standing_still.send_signal(signal.SIGINT)
    assert standing_still.wait(PATIENCE) == (0 if standing_still.follows else 130)
    standing_still.said.seek(0)
    assert standing_still.said.read() == ("" if standing_still.follows else "submilterctl: interrupted\n")


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(site, number, status):
    """While it waits for records: one line, and the status that shells have for it."""
    running = Running(site, "log", "--file", "-", stdin=subprocess.PIPE)
    try:
        running.wait_for_handler(number)
        assert running.end(number) == (status, "submilterctl: interrupted\n")
        assert running.text() == ""
    finally:
        running.process.stdin.close()
        running.close()
