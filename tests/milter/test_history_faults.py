"""What goes wrong with the history's database holds no mail back, and is said."""

import contextlib
import os
import sqlite3
import subprocess

import pytest

from daemon import CONFIG, FREE, HISTORY
from harness.build import program
from harness.process import run
from harness.milter_mta import Message
from harness.waiting import PATIENCE, wait_until
from history_rows import ask, give, rows, wait_for_rows

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="needs mounts, which only root can make")


@pytest.mark.parametrize("damage", ["header", "middle"])
def test_a_damaged_database_is_set_aside(start_daemon, damage):
    gate = start_daemon(config=CONFIG + HISTORY)
    daemon = gate.daemon
    player = gate.player()
    for _ in range(30):
        assert player.message().accepted
    player.session.close()
    assert daemon.stop() == 0
    with open(daemon.history, "r+b") as file:
        if damage == "middle":
            file.seek(4096)
            file.write(os.urandom(daemon.history.stat().st_size - 4096))
        else:
            file.write(bytes(4096))
    spoilt = daemon.history.read_bytes()
    daemon.start()
    gate.check_signed(gate.play())
    daemon.wait_for_log("a new one is begun", PATIENCE)
    wait_for_rows(daemon, 1)
    aside = list(daemon.history.parent.glob("history.db.damaged-*"))
    assert len(aside) == 1 and len(aside[0].read_bytes()) == len(spoilt)
    gate.records(31)
    assert daemon.stop() == 0
    earlier = aside[0]
    with open(daemon.history, "r+b") as file:
        file.write(bytes(4096))
    daemon.start()
    gate.check_signed(gate.play())
    wait_until(lambda: daemon.log().count("a new one is begun") == 2, "the damaged database to be moved", explain=daemon.log)
    wait_for_rows(daemon, 1)
    assert not earlier.exists()
    aside = list(daemon.history.parent.glob("history.db.damaged-*"))
    assert len(aside) == 1 and aside[0] != earlier, "the latest is kept"
    gate.record()


def test_another_programs_file_is_left_alone(start_daemon):
    """A wrong path in the configuration harms nothing."""
    gate = start_daemon(config=CONFIG + HISTORY.replace("lib/history.db", "lib/other"))
    daemon = gate.daemon
    other = daemon.history.with_name("other")
    wait_until(other.exists, "the database")
    assert daemon.stop() == 0
    for make in (lambda: other.write_text("a letter\n" * 100), lambda: ask_anew(other)):
        other.unlink(missing_ok=True)
        make()
        give(other)
        before = other.read_bytes()
        daemon.errors.write_text("")
        daemon.start()
        gate.check_signed(gate.play())
        daemon.wait_for_log("history.file: ", PATIENCE)
        assert "submilter" in daemon.log().split("history.file: ")[1].split("\n")[0]
        assert daemon.stop() == 0
        assert other.read_bytes() == before
        assert not list(other.parent.glob("*damaged*"))
        gate.record()


def ask_anew(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE letters (text)")
        database.commit()


def test_a_link_is_not_followed(start_daemon):
    gate = start_daemon(config=CONFIG + HISTORY.replace("lib/history.db", "lib/link"))
    daemon = gate.daemon
    wait_until(daemon.history.with_name("link").exists, "the database")
    assert daemon.stop() == 0
    for path in daemon.history.parent.iterdir():
        path.unlink()
    target = daemon.folder / "log" / "target"
    target.touch()
    give(target)
    daemon.history.with_name("link").symlink_to(target)
    daemon.start()
    gate.check_signed(gate.play())
    daemon.wait_for_log("history.file: ", PATIENCE)
    assert daemon.stop() == 0
    assert not target.stat().st_size
    gate.record()


HOSTILE_SCHEMAS = {
    "view": ("ALTER TABLE decisions RENAME TO other; CREATE VIEW decisions AS SELECT * FROM other", "prohibited"),
    "virtual": ("DROP TABLE verdicts; CREATE VIRTUAL TABLE verdicts USING"
                " fts5(seq, rule, reason, outcome, mode, action, fact)", "virtual tables"),
}


@pytest.mark.parametrize("schema", HOSTILE_SCHEMAS)
def test_a_schema_that_runs_things_is_not_asked(start_daemon, schema):
    """The file is the daemon's user's, and who asks it is root."""
    daemon = one_row(start_daemon)
    change, said = HOSTILE_SCHEMAS[schema]
    with contextlib.closing(sqlite3.connect(daemon.history)) as database:
        database.executescript(change)
    for command in ("log", "report", "observed"):
        done = run(program("ctl/submilterctl"), "-c", daemon.config, command, check=False)
        assert done.returncode and said in done.stderr.decode(), done
        assert not done.stdout, done


def test_a_trigger_does_nothing(start_daemon):
    """Neither for the daemon, nor for root, who imports."""
    daemon = one_row(start_daemon)
    with contextlib.closing(sqlite3.connect(daemon.history)) as database:
        database.executescript("CREATE TRIGGER away AFTER INSERT ON decisions BEGIN DELETE FROM decisions; END;"
                               "DELETE FROM decisions")
    run(program("ctl/submilterctl"), "-c", daemon.config, "history", "import", daemon.records_file)
    assert ask(daemon.history, "SELECT count(*) FROM decisions") == [(1,)]


def test_a_version_that_never_was(start_daemon):
    """A damaged header, or somebody's work: no step leads on from it."""
    daemon = one_row(start_daemon)
    with contextlib.closing(sqlite3.connect(daemon.history)) as database:
        database.execute("PRAGMA user_version = -16777215")
    for command in (["log"], ["history", "import", daemon.records_file]):
        done = run(program("ctl/submilterctl"), "-c", daemon.config, *command, check=False)
        assert done.returncode == 66, done
        assert "there never was a schema -16777215" in done.stderr.decode(), done


def one_row(start_daemon):
    gate = start_daemon(config=CONFIG + HISTORY)
    gate.check_signed(gate.play())
    wait_for_rows(gate.daemon, 1)
    gate.record()
    assert gate.daemon.stop() == 0
    return gate.daemon


@FREE
def test_a_folder_that_comes_later(start_daemon):
    """Mail goes on, and nothing is lost that fits into the queue."""
    gate = start_daemon(config=CONFIG + HISTORY.replace("lib/", "lib/later/"))
    daemon = gate.daemon
    for _ in range(5):
        gate.check_signed(gate.play())
    daemon.wait_for_log("mail goes on", PATIENCE)
    folder = daemon.history.parent / "later"
    folder.mkdir()
    give(folder)
    records = gate.records(5)
    assert wait_for_rows(daemon, 5, folder / "history.db") == records
    daemon.wait_for_log("is written again; 0 records were lost", PATIENCE)
    assert daemon.log().count("mail goes on") == 1


@FREE
def test_what_does_not_fit_is_counted(start_daemon):
    """Records wait up to a bound; how many were lost beyond it is said, and is true."""
    gate = start_daemon(config=CONFIG.replace("syslog = false;", 'syslog = false; capture = "headers";')
                        + HISTORY.replace("lib/", "lib/later/"))
    daemon = gate.daemon
    folder = daemon.history.parent / "later"
    large = Message(headers=[("From", "alice@example.com"), *((f"X-{number}", "x" * 900) for number in range(200))])
    player = gate.player()
    size, sent = 0, 0
    while size < 34 << 20:
        player.message(large)
        sent += 1
        if sent % 20 == 0:
            wait_until(lambda: daemon.records_file.exists() and len(daemon.records()) >= sent, "the log")
            size = daemon.records_file.stat().st_size
    player.session.close()
    folder.mkdir()
    give(folder)
    daemon.wait_for_log("is written again; ", PATIENCE)
    lost = int(daemon.log().split("is written again; ")[1].split()[0])
    assert 0 < lost < sent
    assert daemon.log().count("mail goes on") == 1, "it was tried several times"
    assert wait_for_rows(daemon, sent - lost, folder / "history.db") == daemon.records()[:sent - lost]
    gate.records(sent)


def test_a_database_that_somebody_holds(start_daemon):
    """A lock delays the history, and nothing else."""
    gate = start_daemon(config=CONFIG + HISTORY)
    daemon = gate.daemon
    gate.check_signed(gate.play())
    wait_for_rows(daemon, 1)
    with contextlib.closing(sqlite3.connect(daemon.history, timeout=PATIENCE, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        gate.check_signed(gate.play())
        daemon.wait_for_log("locked", PATIENCE)
        gate.check_signed(gate.play())
        assert len(rows(daemon.history)) == 1
        holder.execute("ROLLBACK")
    assert wait_for_rows(daemon, 3) == gate.records(3)


def test_a_file_that_is_replaced(start_daemon):
    """Taken away, or moved: the next second's records are in a new one."""
    gate = start_daemon(config=CONFIG + HISTORY)
    daemon = gate.daemon
    gate.check_signed(gate.play())
    wait_for_rows(daemon, 1)
    daemon.history.rename(daemon.history.with_name("old.db"))
    gate.check_signed(gate.play())
    second = gate.records(2)[1]
    assert wait_for_rows(daemon, 1) == [second]
    assert ask(daemon.history, "SELECT count(*) FROM configurations") == [(1,)]
    daemon.history.unlink()
    gate.check_signed(gate.play())
    assert wait_for_rows(daemon, 1) == [gate.record()]


def mounted(kind, folder, options):
    subprocess.run(["mount", "-t", kind, "-o", options, kind, folder], check=True, capture_output=True)


@FREE
@AS_ROOT
def test_a_full_disk(start_daemon):
    """Mail goes on; what waited is written when there is room again."""
    gate = start_daemon(config=CONFIG + HISTORY.replace("lib/", "lib/disk/"))
    daemon = gate.daemon
    daemon.stop()
    daemon.errors.write_text("")
    disk = daemon.history.parent / "disk"
    disk.mkdir()
    try:
        mounted("tmpfs", disk, "size=2m,mode=777")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no mounts here: {error.stderr.decode()}")
    try:
        daemon.start()
        filler = disk / "filler"
        player = gate.player()
        assert player.message().accepted
        wait_for_rows(daemon, 1, disk / "history.db")
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        before = len(daemon.records())
        wait_until(lambda: player.message().accepted and "mail goes on" in daemon.log(), "the disk to be missed")
        filler.unlink()
        daemon.wait_for_log("is written again; 0 records were lost", PATIENCE)
        player.session.close()
        assert len(daemon.records()) > before
        wait_until(lambda: len(rows(disk / "history.db")) == len(daemon.records()), "all rows", explain=daemon.log)
        assert rows(disk / "history.db") == daemon.records()
        gate.seen = len(daemon.records())
        assert daemon.stop() == 0
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
