"""submilterctl top: what is decided just now, on a terminal that is given back, and that holds nothing up."""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import termios
import threading
import time

import pytest

from daemon import USER, Daemon
from gate import Gate
from harness.milter_mta import Client, Message
from harness.waiting import PATIENCE, wait_until
from harness.week_of_records import Week
from look_back import ask, command, complaint
from looked_at import SENDERS, configuration, send, send_all, wait_for_rows


@pytest.fixture
def gate():
    daemon = Daemon(config=configuration())
    senders = daemon.folder / "senders"
    senders.write_text(SENDERS)
    if os.getuid() == 0:
        shutil.chown(senders, USER)
    try:
        yield Gate(daemon.start())
        assert daemon.stop() == 0, daemon.log()[-4000:]
    finally:
        daemon.remove()


NANOSLEEP = {"x86_64": "230", "aarch64": "115"}.get(os.uname().machine)


class Terminal:
    """top on a terminal of so many columns and lines; what comes on the screen is kept."""

    def __init__(self, daemon, *arguments, columns=120, lines=40, **environment):
        self.ours, self.theirs = pty.openpty()
        self.resize(columns, lines)
        self.before = termios.tcgetattr(self.theirs)
        self.output = b""
        self.process = subprocess.Popen(
            command(daemon, "top", "--interval", "1", *arguments), stdin=self.theirs, stdout=self.theirs,
            stderr=subprocess.PIPE, env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment},
            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0), *(
                signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        with contextlib.suppress(OSError):
            while piece := os.read(self.ours, 65536):
                self.output += piece

    def resize(self, columns, lines):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def frames(self):
        """Each frame's lines, without colours."""
        text = self.output.decode("utf-8", "replace")
        return [re.split("\r+\n", re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", frame)) for frame in
                re.findall("\x1b\\[H(.*?)\x1b\\[J", text, re.DOTALL)]

    def wait_for(self, condition, what):
        def there():
            assert self.process.poll() is None, (self.output, self.process.stderr.read())
            return any(condition(frame) for frame in self.frames()[-1:])
        wait_until(there, what, explain=lambda: "\n".join(self.frames()[-1]) if self.frames() else self.output)

    def wait_for_text(self, text):
        self.wait_for(lambda frame: any(text in line for line in frame), repr(text))

    def press(self, keys):
        os.write(self.ours, keys)

    def check_given_back(self):
        """It has ended well, and the terminal is as it was."""
        assert self.process.wait(PATIENCE) == 0, self.process.stderr.read()
        wait_until(lambda: self.output.endswith(b"\x1b[?25h\x1b[?1049l"), "the other screen",
                   explain=lambda: self.output[-200:])
        assert self.output.count(b"\x1b[?1049h") == self.output.count(b"\x1b[?1049l")
        assert termios.tcgetattr(self.theirs) == self.before

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.theirs)
        self.reader.join(PATIENCE)
        os.close(self.ours)
        self.process.stderr.close()


@pytest.fixture
def terminal():
    started = []

    def start(*arguments, **options):
        started.append(Terminal(*arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


def all_of_the_hour(frame):
    line = next(line for line in frame if line.startswith("  all "))
    return int(line.split()[2].replace(",", ""))


@pytest.mark.parametrize("kind", ["history", "lines"])
def test_new_decisions_come(gate, terminal, kind):
    records = send_all(gate)
    source = () if kind == "history" else ("--file", gate.daemon.records_file)
    top = terminal(gate.daemon, *source)
    top.wait_for(lambda frame: all_of_the_hour(frame) == len(records), "all of them")
    top.wait_for_text("from.not-owned")
    for count in range(1, 4):
        gate.play(Message(mail_from="<ceo@example.com>"), Client())
        record = gate.record()
        top.wait_for_text(record["id"])
        top.wait_for(lambda frame, n=count: all_of_the_hour(frame) == len(records) + n, "one more, once")
    top.press(b"q")
    top.check_given_back()


def test_nothing_is_held_between_two_looks(gate, terminal):
    """The daemon's log of writes can be taken into the database, and emptied, while it is looked at."""
    send_all(gate)
    top = terminal(gate.daemon)
    top.wait_for_text("latest refusals")
    with contextlib.closing(sqlite3.connect(gate.daemon.history)) as database:
        def emptied():
            send(gate, "accepted")
            return database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        wait_until(emptied, "a whole checkpoint")
    top.press(b"q")
    top.check_given_back()


@pytest.mark.parametrize("end", ["q", "Q", "interrupt", signal.SIGTERM, signal.SIGHUP], ids=str)
def test_the_terminal_is_given_back(gate, terminal, end):
    send(gate, "accepted")
    wait_for_rows(gate.daemon, 1)
    top = terminal(gate.daemon)
    top.wait_for_text("time taken")
    if end == "interrupt":
        top.press(b"\x03")
    elif isinstance(end, str):
        top.press(b"xyz" + end.encode())
    else:
        top.process.send_signal(end)
    top.check_given_back()


@pytest.mark.skipif(not NANOSLEEP, reason="the number of the system call is not known")
def test_the_terminal_is_given_back_while_it_waits_for_the_database(gate, terminal):
    """Nobody gets to read: SQLite sleeps and tries again."""
    send(gate, "accepted")
    wait_for_rows(gate.daemon, 1)
    top = terminal(gate.daemon)
    top.wait_for_text("time taken")
    waiting = pathlib.Path(f"/proc/{top.process.pid}/syscall")
    with open(f"{gate.daemon.history}-shm", "r+b") as shared:
        fcntl.lockf(shared, fcntl.LOCK_EX, 5, 123)  # WAL_READ_LOCK(0) and on
        wait_until(lambda: waiting.read_text().split()[0] == NANOSLEEP, "that it waits")
        top.press(b"\x03")
        wait_until(lambda: top.output.endswith(b"\x1b[?1049l") or top.process.poll() is not None, "its end")
    top.check_given_back()


def test_stopped_and_gone_on(gate, terminal):
    """Ctrl-Z gives the shell its screen."""
    send(gate, "accepted")
    wait_for_rows(gate.daemon, 1)
    top = terminal(gate.daemon)
    top.wait_for_text("time taken")
    top.process.send_signal(signal.SIGTSTP)
    wait_until(lambda: os.waitid(os.P_PID, top.process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT), "that it stands")
    wait_until(lambda: top.output.endswith(b"\x1b[?1049l"), "the other screen")
    assert termios.tcgetattr(top.theirs) == top.before
    frames = len(top.frames())
    top.process.send_signal(signal.SIGCONT)
    wait_until(lambda: len(top.frames()) > frames, "a new frame")
    top.press(b"q")
    top.check_given_back()


def test_the_screen_is_never_left(gate, terminal):
    """Whatever its size, and however that changes: no line is longer, there are no more lines."""
    records = send_all(gate)
    top = terminal(gate.daemon, columns=100, lines=30)
    top.wait_for_text(records["not-owned"]["id"])
    for columns, lines in ((200, 60), (20, 5), (80, 24), (1, 1), (47, 16), (100, 30)):
        frames = len(top.frames())
        top.resize(columns, lines)
        top.process.send_signal(signal.SIGWINCH)
        wait_until(lambda n=frames: len(top.frames()) > n, "a frame of that size")
        top.wait_for(lambda frame, c=columns, n=lines: len(frame) <= n and max(map(len, frame)) <= c,
                     f"a frame of {columns} x {lines}")
    top.press(b"q")
    top.check_given_back()


def test_text_of_others_cannot_steer(gate, terminal):
    send(gate, "hostile")
    wait_for_rows(gate.daemon, 1)
    top = terminal(gate.daemon)
    top.wait_for_text("latest refusals")
    ours = re.compile("\x1b\\[(H|K|J|0m|1m|3[1345]m|\\?1049[hl]|\\?25[hl])")
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e\u2066\u200b]", ours.sub("", top.output.decode()))
    top.press(b"q")
    top.check_given_back()


def test_a_history_that_goes_and_comes(gate, terminal):
    """It is waited for, and said what is missing."""
    send(gate, "accepted")
    wait_for_rows(gate.daemon, 1)
    top = terminal(gate.daemon)
    top.wait_for_text("time taken")
    away = gate.daemon.history.with_suffix(".away")
    gate.daemon.history.rename(away)
    top.wait_for_text("No such file")
    away.rename(gate.daemon.history)
    top.wait_for(lambda frame: not any("No such file" in line for line in frame), "that it is there again")
    top.press(b"q")
    top.check_given_back()


def test_no_terminal_is_one_frame(gate):
    records = send_all(gate)
    text = ask(gate.daemon, "top", environment={**os.environ, "LC_ALL": "C"})
    assert "\x1b" not in text and text.count("latest refusals") == 1
    assert f"  all {len(records):>19}" in text or re.search(rf"^  all +\d+ +{len(records)} ", text, re.MULTILINE)


def test_imported_records_are_as_old_as_they_are(gate, tmp_path):
    """They come behind the hour's, and are none of them: not in the rates, and in no list."""
    send(gate, "accepted")
    wait_for_rows(gate.daemon, 1)
    old = list(Week(end=time.time() - 7200).records())
    assert {record["action"] for record in old} >= {"accept", "reject"}
    path = tmp_path / "old"
    path.write_text("".join(json.dumps(record) + "\n" for record in old))
    ask(gate.daemon, "history", "import", path)
    lines = ask(gate.daemon, "top").splitlines()
    assert all_of_the_hour(lines) == 1
    listed = [line.split() for line in lines[lines.index(next(line for line in lines if "busiest" in line)) + 1:] if line]
    assert listed == [["alice@example.com", "1"], ["latest", "refusals"]]


def test_old_files_end_where_they_end(gate, tmp_path):
    """Their last hour, not ours."""
    week = list(Week(end=1795172400.0).records())
    path = tmp_path / "week"
    path.write_text("".join(json.dumps(record) + "\n" for record in week))
    text = ask(gate.daemon, "top", "--file", path)
    last = max(record["time"] for record in week)
    hour = [record for record in week if record["time"] > last[:11] + f"{int(last[11:13]) - 1:02}" + last[13:]]
    assert all_of_the_hour(text.splitlines()) in (len(hour), len(hour) + 1)


def test_wrong_arguments(gate):
    assert '"0"' in complaint(gate.daemon, "top", "--interval", "0", status=64)
    assert '"x"' in complaint(gate.daemon, "top", "x", status=64)
    assert "No such file" in complaint(gate.daemon, "top", "--file", "/nonexistent", status=66)
