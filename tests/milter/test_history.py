"""The records in the history's database: they arrive, faults never hold mail back, and what was wrong is said."""

import concurrent.futures
import contextlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import threading

import pytest

from daemon import CONFIG, FREE, HISTORY, USER
from harness.milter_mta import Message, Player
from harness.milter_wire import Session
from harness.waiting import PATIENCE, wait_until

ALONE = CONFIG.replace('json = "{folder}/log/decisions.jsonl";', 'json = "";')
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="needs mounts, which only root can make")


def ask(path, sql, *values):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=PATIENCE)) as database:
        return database.execute(sql, values).fetchall()


def rows(path):
    """The records, as the database has them."""
    if not path.exists() or not path.stat().st_size:
        return []
    try:
        return [json.loads(row[0]) for row in ask(path, "SELECT record FROM decisions ORDER BY seq")]
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return []
        raise


def wait_for_rows(daemon, count, path=None):
    wait_until(lambda: len(rows(path or daemon.history)) >= count, f"{count} rows", explain=daemon.log)
    found = rows(path or daemon.history)
    assert len(found) == count
    return found


def give(path):
    if os.getuid() == 0:
        shutil.chown(path, USER)


def test_records_arrive(start_daemon):
    """The same ones that are in the file, with their parts in tables."""
    gate = start_daemon(config=CONFIG + HISTORY)
    gate.check_signed(gate.play())
    refused = gate.play(Message(headers=[("From", "bob@example.com"), ("Date", "Fri, 20 Nov 2026 10:00:00 +0000")]))
    assert refused.reply.code == 5
    records = gate.records(2)
    assert wait_for_rows(gate.daemon, 2) == records
    path = gate.daemon.history
    assert ask(path, "SELECT d.id, s.domain FROM decisions d JOIN signatures s USING (seq) GROUP BY d.id") == [
        (records[0]["id"], "example.com")]
    assert ask(path, "SELECT d.id, v.rule, v.outcome FROM decisions d JOIN verdicts v USING (seq)"
                     " WHERE v.action = 'reject'") == [(records[1]["id"], "from", "violation")]
    assert ("bob@example.com", "denied") in ask(path, "SELECT address, ownership FROM addresses WHERE kind = 'from'")
    mode = stat.S_IMODE(path.stat().st_mode)
    assert mode == 0o640, oct(mode)
    hashes = ask(path, "SELECT hash, text FROM configurations")
    assert [row[0] for row in hashes] == [records[0]["config"]]
    assert 'max_size = "2G"' in hashes[0][1]


def test_without_a_file_of_records(start_daemon):
    gate = start_daemon(config=ALONE + HISTORY)
    gate.check_signed(gate.play())
    assert wait_for_rows(gate.daemon, 1)[0]["action"] == "accept"
    assert not gate.daemon.records_file.exists()


def test_nothing_is_kept_where_none_is_named(start_daemon):
    gate = start_daemon()
    gate.check_signed(gate.play())
    gate.record()
    assert gate.daemon.stop() == 0
    assert not list(gate.daemon.history.parent.iterdir())


def test_what_waits_is_written_at_the_end(start_daemon):
    gate = start_daemon(config=ALONE + HISTORY)
    for _ in range(20):
        assert gate.play().accepted
    assert gate.daemon.stop() == 0
    assert [path.name for path in gate.daemon.history.parent.iterdir()] == ["history.db"]
    assert len(rows(gate.daemon.history)) == 20


def test_a_crash_leaves_a_whole_database(start_daemon):
    """kill -9 under load: what was there before is there, nothing twice, and the next daemon goes on."""
    gate = start_daemon(config=CONFIG + HISTORY)
    daemon = gate.daemon
    player = gate.player()
    for _ in range(50):
        assert player.message().accepted
    wait_for_rows(daemon, 50)
    for _ in range(50):
        assert player.message().accepted
    wait_until(lambda: len(daemon.records()) == 100, "the log")
    daemon.kill()
    kept = rows(daemon.history)
    assert kept == daemon.records()[:len(kept)] and len(kept) >= 50
    assert ask(daemon.history, "PRAGMA integrity_check") == [("ok",)]
    daemon.start()
    gate.check_signed(gate.play())
    wait_for_rows(daemon, len(kept) + 1)
    gate.records(101)


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
    wait_for_rows(daemon, 1)
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


def test_reload_takes_another_path(start_daemon):
    """What came before the reload stays where it was to go, and what comes after it does not go there."""
    gate = start_daemon(config=CONFIG + HISTORY)
    daemon = gate.daemon
    names = ["history.db", *(f"{number}.db" for number in range(8))]
    gate.check_signed(gate.play())
    for number, name in enumerate([*names[1:], None], 1):
        daemon.template = CONFIG + (HISTORY.replace("history.db", name) if name else "")
        daemon.configure()
        daemon.reload()
        wait_until(lambda n=number: daemon.log().count("reloaded:") == n, "the reload")
        gate.check_signed(gate.play())
    *records, _ = gate.records(len(names) + 1)
    for name, record in zip(names, records):
        assert wait_for_rows(daemon, 1, daemon.history.with_name(name)) == [record]
    assert daemon.stop() == 0
    assert len(rows(daemon.history.with_name(names[-1]))) == 1
    assert "lost" not in daemon.log()


def test_reload_takes_new_limits(start_daemon):
    """A time that has passed for all of them leaves none."""
    gate = start_daemon(config=CONFIG + HISTORY)
    daemon = gate.daemon
    gate.check_signed(gate.play())
    wait_for_rows(daemon, 1)
    with contextlib.closing(sqlite3.connect(daemon.history, timeout=PATIENCE)) as database:
        database.execute("UPDATE decisions SET time = time - 3600000")
        database.commit()
    daemon.template = CONFIG + HISTORY.replace("; }};", '; keep = "10m"; }};')
    daemon.configure()
    daemon.reload()
    wait_until(lambda: not rows(daemon.history), "the old one to go", explain=daemon.log)
    assert ask(daemon.history, "SELECT count(*) FROM addresses") == [(0,)]
    assert len(ask(daemon.history, "SELECT hash FROM configurations")) == 2
    gate.record()


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


def test_hand_overs_under_load(generations):
    """Two daemons write for a while: no row is lost, none is there twice."""
    gate = generations(config=CONFIG + HISTORY)
    daemon = gate.daemon
    enough = threading.Event()

    def client():
        sent = 0
        while not enough.is_set():
            with Session(daemon.socket, timeout=PATIENCE) as session:
                player = Player(session)
                assert player.open() is None
                for _ in range(3):
                    assert player.message().accepted
                    sent += 1
                session.quit()
        return sent

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(client) for _ in range(4)]
        try:
            for _ in range(4):
                before = len(rows(daemon.history))
                daemon.hand_over()
                wait_until(lambda: len(rows(daemon.history)) > before or any(job.done() for job in jobs), "rows")
        finally:
            enough.set()
        total = sum(job.result() for job in jobs)
    records = gate.records(total, PATIENCE)
    found = wait_for_rows(daemon, total)
    assert sorted(row["id"] for row in found) == sorted(record["id"] for record in records)
    assert "history.file" not in daemon.log()
