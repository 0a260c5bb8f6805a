"""Counters between a daemon's lives, and the files that they are in."""

import contextlib
import ctypes
import os
import pathlib
import pwd
import stat
import subprocess
import time

import pytest

from counters import wait_for_count
from counting import file_of, is_held_back, limits, login, mail, people
from daemon import CONFIG, FREE, HISTORY, PROGRAM, USER
from harness.milter_mta import MAIL
from harness.process import WITHOUT_SIGCHLD
from harness.waiting import PATIENCE, wait_until
from history_rows import rows

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
FILE = file_of(pathlib.PurePath("{folder}"))


def kept(text):
    """Configuration with limits and a file."""
    return CONFIG + limits(text, file="@").replace("{", "{{").replace("}", "}}").replace("@", str(FILE))


def start(start_daemon, text='login = [ "3 messages/hour" ];'):
    gate = start_daemon(config=kept(text))
    folder = file_of(gate.daemon.folder)
    wait_until((folder / "secret").exists, "the secret: the socket is there before it", explain=gate.daemon.log)
    return gate, folder


def pass_on(gate, count, message=None):
    for _ in range(count):
        outcome = gate.play(message or mail())
        assert outcome.accepted, outcome.reply.text


@contextlib.contextmanager
def written_by_another(folder):
    """LMDB's one transaction for writing is this process's."""
    lmdb = ctypes.CDLL("liblmdb.so.0")
    environment, transaction = ctypes.c_void_p(), ctypes.c_void_p()
    assert lmdb.mdb_env_create(ctypes.byref(environment)) == 0
    assert lmdb.mdb_env_open(environment, os.fsencode(folder), 0, 0o600) == 0
    assert lmdb.mdb_txn_begin(environment, None, 0, ctypes.byref(transaction)) == 0
    try:
        yield
    finally:
        lmdb.mdb_txn_abort(transaction)
        lmdb.mdb_env_close(environment)


def modes(folder):
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in [folder, *folder.iterdir()]}


def owner(path):
    return pwd.getpwuid(path.stat().st_uid).pw_name


def fails(daemon, *options):
    """What the program says where it does not start."""
    done = subprocess.run([PROGRAM, "-f", *options, "-c", daemon.config], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode != 0
    return done.stderr.decode()


def test_the_folder_and_its_secret(start_daemon):
    """Made at the first start, for the daemon's user alone, and kept."""
    gate, folder = start(start_daemon)
    secret = folder / "secret"
    assert owner(folder) == owner(secret) == USER
    assert modes(folder)["limits"] == "0o700" and modes(folder)["secret"] == "0o600"
    before = secret.read_bytes()
    assert len(before) == 32
    gate.daemon.stop()
    gate.daemon.start()
    assert secret.read_bytes() == before
    other, elsewhere = start(start_daemon)
    assert (elsewhere / "secret").read_bytes() != before


def test_a_restart_keeps_what_was_counted(start_daemon):
    gate, _ = start(start_daemon)
    pass_on(gate, 2)
    assert gate.daemon.stop() == 0
    gate.daemon.start()
    pass_on(gate, 1)
    assert is_held_back(gate.play(mail()), MAIL)
    assert gate.daemon.stop() == 0
    gate.daemon.start()
    assert is_held_back(gate.play(mail()), MAIL)
    gate.records(5)


def test_a_restart_keeps_correspondents(start_daemon):
    gate, _ = start(start_daemon, 'login = [ "3 new/hour" ];')
    assert gate.play(mail(rcpts=people(3))).accepted
    assert gate.daemon.stop() == 0
    gate.daemon.start()
    outcome = gate.play(mail(rcpts=[*people(2, first=3), *people(3)]))
    assert [reply.code for reply in outcome.rcpts] == [4, 4, 2, 2, 2]
    gate.records(4)


def test_a_stop_with_open_sessions_keeps_what_was_counted(start_daemon):
    """Nobody else would write it."""
    gate, _ = start(start_daemon)
    idle = gate.player(login())
    assert idle.message(mail()).accepted
    pass_on(gate, 1)
    assert gate.daemon.stop() == 0
    gate.daemon.start()
    pass_on(gate, 1)
    assert is_held_back(gate.play(mail()), MAIL)
    gate.records(4)


@pytest.mark.parametrize("idle", [False, True], ids=["no-session", "an-idle-session"])
def test_a_file_that_another_holds_up_holds_up_no_stop(start_daemon, idle):
    """Five seconds, as the unit says: then it ends without, and says so; records are there."""
    gate = start_daemon(config=kept("") + HISTORY)
    folder = file_of(gate.daemon.folder)
    pass_on(gate, 1)
    wait_for_count(gate, "messages", 1, "alice@example.com")
    player = gate.player(login()) if idle else None
    if player:
        assert player.message(mail()).accepted
    with written_by_another(folder):
        pass_on(gate, 1)
        began = time.monotonic()
        assert gate.daemon.stop() == 0
        took = time.monotonic() - began
    count = 3 if idle else 2
    assert f"{folder}: what was counted last is not in the file" in gate.daemon.log(), gate.daemon.log()
    assert took < 12, f"it took {took:.1f} s"
    assert len(gate.records(count)) == len(rows(gate.daemon.history)) == count
    gate.daemon.start()
    pass_on(gate, 1)
    gate.record()


def test_a_kill_loses_a_second_at_most(start_daemon):
    gate, _ = start(start_daemon)
    pass_on(gate, 2)
    wait_for_count(gate, "messages", 2, "alice@example.com")
    gate.daemon.kill()
    (gate.daemon.folder / "run" / "submilter.sock").unlink()
    gate.daemon.start()
    pass_on(gate, 1)
    assert is_held_back(gate.play(mail()), MAIL)
    gate.records(4)


def test_a_damaged_file_where_sigchld_was_ignored(start_daemon):
    """What looked through it died of it, and that is seen."""
    gate, folder = start(start_daemon)
    assert gate.daemon.stop() == 0
    os.truncate(folder / "data.mdb", 8192)
    gate.daemon.wrapper = WITHOUT_SIGCHLD
    gate.daemon.start()
    gate.daemon.wait_for_log("data.mdb was damaged: it is set aside as ")
    pass_on(gate, 1)
    gate.record()


def test_hand_over(generations):
    """The successor has what its predecessor counted, and both count what their sessions send."""
    gate = generations(config=kept('login = [ "6 messages/hour" ];'))
    old = gate.player(login())
    assert old.message(mail()).accepted
    pass_on(gate, 1)
    wait_for_count(gate, "messages", 2, "alice@example.com")
    gate.daemon.hand_over()
    assert gate.daemon.earlier[0].poll() is None, "it has an open session"
    pass_on(gate, 2)
    assert old.message(mail()).accepted
    old.session.close()
    assert gate.daemon.earlier[0].wait(PATIENCE) == 0
    passed = sum(gate.play(mail()).accepted for _ in range(4))
    assert gate.daemon.stop() == 0
    gate.daemon.start()
    assert is_held_back(gate.play(mail()), MAIL), "nothing is lost between both"
    assert passed in (1, 2), "what the predecessor counted at last is known once it is written"
    gate.records(5 + 4 + 1)


@FREE
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_secret_that_others_can_read(start_daemon, mode):
    gate, folder = start(start_daemon)
    gate.daemon.stop()
    (folder / "secret").chmod(mode)
    for options in ((), ("-n",)):
        said = fails(gate.daemon, *options)
        assert f"chmod 600 {folder}/secret" in said and "counters.secret_file: " in said, said
    (folder / "secret").chmod(0o600)
    gate.daemon.start()
    pass_on(gate, 1)
    gate.record()


@FREE
@AS_ROOT
def test_a_secret_of_somebody_else(start_daemon):
    gate, folder = start(start_daemon)
    gate.daemon.stop()
    os.chown(folder / "secret", pwd.getpwnam("mail").pw_uid, -1)
    assert f"{folder}/secret" in fails(gate.daemon)


@FREE
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o703])
def test_a_folder_that_others_can_write(start_daemon, mode):
    """They would put a database there that crashes us, or take the secret away."""
    gate, folder = start(start_daemon)
    gate.daemon.stop()
    folder.chmod(mode)
    said = fails(gate.daemon)
    assert f"chmod 700 {folder}" in said and "counters.file: " in said, said
    folder.chmod(0o755)
    gate.daemon.start()
    pass_on(gate, 1)
    gate.record()


@FREE
@AS_ROOT
def test_a_folder_of_somebody_else(start_daemon):
    gate, folder = start(start_daemon)
    gate.daemon.stop()
    os.chown(folder, pwd.getpwnam("mail").pw_uid, -1)
    folder.chmod(0o707)
    said = fails(gate.daemon)
    assert "who may change what is in it; mend it with: chown " in said, said


@FREE
def test_half_a_secret(start_daemon):
    gate, folder = start(start_daemon)
    gate.daemon.stop()
    with open(folder / "secret", "r+b") as file:
        file.truncate(20)
    for options in ((), ("-n",)):
        said = fails(gate.daemon, *options)
        assert "20 bytes instead of 32" in said, said


@FREE
def test_no_place_for_the_folder(start_daemon):
    gate, folder = start(start_daemon)
    gate.daemon.stop()
    line = next(number for number, text in enumerate(gate.daemon.config.read_text().split("\n"), 1)
                if "counters:" in text)
    for where, what in (("lib/none/limits", "No such file"), ("submilter.conf", "not a folder")):
        gate.daemon.template = kept("").replace("lib/limits", where)
        gate.daemon.configure()
        said = fails(gate.daemon)
        assert f"submilter.conf:{line}: counters.file: " in said and what in said, said
