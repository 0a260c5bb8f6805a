"""submilterctl log --follow: new decisions as they are made, over rotation, a reload and a new database."""

import array
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import termios

import pytest

from daemon import FREE, USER, Daemon
from gate import Gate
from harness.waiting import wait_until
from history_rows import give
from look_back import Running, command
from looked_at import SENDERS, configuration, send, wait_for_rows


@pytest.fixture
def gate():
    daemon = Daemon(config=configuration())
    (daemon.folder / "senders").write_text(SENDERS)
    if os.getuid() == 0:
        shutil.chown(daemon.folder / "senders", USER)
    try:
        yield Gate(daemon.start())
        assert daemon.stop() == 0, daemon.log()[-4000:]
    finally:
        daemon.remove()


@pytest.fixture
def follow(gate):
    """Starts following; it must end by INT as one that has done its work."""
    started = []

    def start(*arguments):
        started.append(Running(gate.daemon, "log", "--follow", *arguments))
        return started[-1]

    yield start
    for running in started:
        try:
            if running.process.poll() is None:
                assert running.end(signal.SIGINT) == (0, "")
        finally:
            running.close()


def source(gate, kind):
    return ("--file", gate.daemon.records_file) if kind == "lines" else ()


@pytest.mark.parametrize("kind", ["history", "lines"])
def test_new_rows_come(gate, follow, kind):
    """Those that were there first, each once, and only what the filter lets through."""
    before = [send(gate, name) for name in ("accepted", "not-owned", "accepted")]
    wait_for_rows(gate.daemon, 3)
    running = follow("--json", "--action", "accept", *source(gate, kind))
    running.wait_for(before[2]["id"])
    after = [send(gate, name) for name in ("not-owned", "observed", "stranger", "of-bob")]
    running.wait_for(after[3]["id"])
    shown = [json.loads(line) for line in running.lines()]
    assert shown == [before[0], before[2], after[1], after[3]]


@pytest.mark.parametrize("kind", ["history", "lines"])
def test_it_begins_with_the_newest(gate, follow, kind):
    records = [send(gate, "accepted") for _ in range(12)]
    wait_for_rows(gate.daemon, 12)
    running = follow("--json", *source(gate, kind))
    running.wait_for(records[-1]["id"])
    assert [json.loads(line)["id"] for line in running.lines()] == [record["id"] for record in records[2:]]
    few = follow("--json", "--limit", "1", *source(gate, kind))
    few.wait_for(records[-1]["id"])
    last = send(gate, "accepted")
    few.wait_for(last["id"])
    assert len(few.lines()) == 2


@pytest.mark.parametrize("kind", ["history", "lines"])
def test_titles_come_once(gate, follow, kind):
    first = send(gate, "accepted")
    wait_for_rows(gate.daemon, 1)
    running = follow(*source(gate, kind))
    running.wait_for(first["id"])
    for name in ("not-owned", "observed"):
        running.wait_for(send(gate, name)["id"])
    assert [line.startswith("TIME") for line in running.lines()] == [True, False, False, False]


def test_rotation_loses_and_doubles_nothing(gate, follow):
    """logrotate moves the file away; what the daemon still writes there comes too."""
    log = gate.daemon.records_file
    player = gate.player()
    player.message()
    wait_for_rows(gate.daemon, 1)
    sent = 1
    running = follow("--json", "--file", log)
    running.wait_for('"id"')
    for number in range(3):
        log.rename(log.with_suffix(f".{number}"))
        while not log.exists():  # the daemon looks once a second whether its file was moved
            player.message()
            sent += 1
            wait_for_rows(gate.daemon, sent)
    player.session.quit()
    written = [json.loads(line)["id"] for path in log.parent.iterdir() for line in path.read_text().splitlines()]
    assert len(written) == sent
    wait_until(lambda: len(running.lines()) >= sent, "all of them", explain=running.text)
    assert sorted(json.loads(line)["id"] for line in running.lines()) == sorted(written)


def test_what_comes_while_it_reads(gate, follow, tmp_path):
    """A line that is there when the files are read, and was not when following began, comes once."""
    first, second, third = (json.dumps(send(gate, "accepted")) for _ in range(3))
    pipe, path = tmp_path / "pipe", tmp_path / "copy.jsonl"
    os.mkfifo(pipe)
    path.write_text(first + "\n")
    running = follow("--json", "--file", pipe, "--file", path)

    def opened(wanted):
        folder = pathlib.Path(f"/proc/{running.process.pid}/fd")
        targets = []
        for link in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                targets.append(os.readlink(link))
        return targets.count(str(wanted))

    wait_until(lambda: opened(path) == 1, "its descriptor for what is to come")
    with open(path, "a", encoding="utf-8") as file:
        file.write(second + "\n")
    with open(pipe, "w", encoding="utf-8"):
        wait_until(lambda: opened(pipe) == 2, "the one that it reads")
    running.wait_for(second)
    with open(path, "a", encoding="utf-8") as file:
        file.write(third + "\n")
    running.wait_for(third)
    assert running.lines() == [first, second, third]


def test_a_file_that_is_cut_off(gate, follow, tmp_path):
    """By copytruncate; and one whose last line is not yet whole."""
    first, second, third = (json.dumps(send(gate, "accepted")) for _ in range(3))
    path = tmp_path / "copy.jsonl"
    path.write_text(first + "\n" + second[:100])
    running = follow("--json", "--file", path)
    running.wait_for(first)
    with open(path, "a", encoding="utf-8") as file:
        file.write(second[100:] + "\n")
    running.wait_for(second)
    os.truncate(path, 0)
    with open(path, "a", encoding="utf-8") as file:
        file.write(third + "\n")
    running.wait_for(third)
    assert running.lines() == [first, second, third]
    status, said = running.end(signal.SIGTERM)
    assert status == 0 and "1 line is no record" in said, "of the half that was there"


@FREE
@pytest.fixture
def follow_moved(gate, follow):
    """One row is shown, the daemon ended, and its database has another name. The row, and who follows."""
    first = send(gate, "accepted")
    wait_for_rows(gate.daemon, 1)
    running = follow("--json")
    running.wait_for(first["id"])
    assert gate.daemon.stop() == 0
    for path in gate.daemon.history.parent.iterdir():
        path.rename(path.with_name("old." + path.name))
    return first, running


def shows_next_row(gate, first, running):
    gate.daemon.start()
    second = send(gate, "observed")
    running.wait_for(second["id"])
    assert [json.loads(line)["id"] for line in running.lines()] == [first["id"], second["id"]]


def test_another_database_of_that_name(gate, follow_moved):
    """A damaged one is moved aside by the daemon, and a new one begun."""
    shows_next_row(gate, *follow_moved)


def wait_for_looks(running, count):
    """Until it has rested that often."""
    def rests():
        return int(running.status("voluntary_ctxt_switches"))
    before = rests()
    wait_until(lambda: rests() >= before + count, "it to look")


def test_a_database_that_is_about_to_be_one(gate, follow_moved):
    """Between the file and its tables, which the daemon makes, somebody looks."""
    gate.daemon.history.touch(0o640)
    give(gate.daemon.history)
    wait_for_looks(follow_moved[1], 3)
    shows_next_row(gate, *follow_moved)


def test_a_database_that_never_becomes_one(gate, follow_moved):
    """It is waited for, and not for ever."""
    first, running = follow_moved
    gate.daemon.history.touch(0o640)
    wait_until(lambda: running.process.poll() is not None, "its end")
    assert running.process.poll() == 74 and "it is empty" in running.said(), running.said()
    assert [json.loads(line)["id"] for line in running.lines()] == [first["id"]]
    gate.daemon.history.unlink()
    gate.daemon.start()


def test_a_database_that_was_put_back(gate, follow):
    """Whole when it comes, and changed by nobody since: its rows are new all the same."""
    history = gate.daemon.history
    other = history.with_name("other.db")
    first = send(gate, "accepted")
    wait_for_rows(gate.daemon, 1)
    assert gate.daemon.stop() == 0
    shutil.copy2(history, other)
    gate.daemon.start()
    second = send(gate, "observed")
    wait_for_rows(gate.daemon, 2)
    assert gate.daemon.stop() == 0
    history.rename(history.with_name("newer.db"))
    other.rename(history)
    running = follow("--json")
    running.wait_for(first["id"])
    wait_for_looks(running, 2)
    history.with_name("newer.db").rename(history)
    running.wait_for(second["id"])
    assert [json.loads(line)["id"] for line in running.lines()] == [first["id"], first["id"], second["id"]]
    gate.daemon.start()


@pytest.mark.parametrize("kind", ["history", "lines"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(gate, follow, kind, number):
    first = send(gate, "accepted")
    wait_for_rows(gate.daemon, 1)
    running = follow(*source(gate, kind))
    running.wait_for(first["id"])
    assert running.end(number) == (0, "")


def test_a_pager_that_stands_still_holds_nothing_up(gate):
    """While rows that have come are written, the database may take its journal in."""
    first = send(gate, "accepted")
    wait_for_rows(gate.daemon, 1)
    with subprocess.Popen(command(gate.daemon, "log", "--follow", "--json"), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, bufsize=0) as pager:
        room = fcntl.fcntl(pager.stdout, fcntl.F_SETPIPE_SZ, 4096)
        try:
            assert json.loads(pager.stdout.readline()) == first
            pager.send_signal(signal.SIGSTOP)
            for _ in range(20):
                send(gate, "accepted")
            wait_for_rows(gate.daemon, 21)
            pager.send_signal(signal.SIGCONT)

            def written():
                count = array.array("i", [0])
                fcntl.ioctl(pager.stdout, termios.FIONREAD, count)
                return count[0]

            wait_until(lambda: written() == room, "a pipe that is full")
            send(gate, "accepted")
            wait_for_rows(gate.daemon, 22)
            with contextlib.closing(sqlite3.connect(gate.daemon.history, timeout=0)) as database:
                wait_until(lambda: database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0,
                           "a checkpoint")
            assert pager.poll() is None
        finally:
            pager.kill()


def test_whoever_reads_may_go(gate):
    """log --follow | head -1 ends with the next row."""
    first = send(gate, "accepted")
    wait_for_rows(gate.daemon, 1)
    running = Running(gate.daemon, "log", "--follow", "--json")
    piped = None
    try:
        running.wait_for(first["id"])
        piped = subprocess.Popen([*running.process.args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))
        assert json.loads(piped.stdout.readline()) == first
        piped.stdout.close()
        send(gate, "accepted")
        assert piped.wait(60) == -signal.SIGPIPE
    finally:
        running.close()
        if piped and piped.poll() is None:
            piped.kill()
            piped.wait()
