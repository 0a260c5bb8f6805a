"""The records in the history's database: all of them arrive, once, whatever the daemon goes through."""

import concurrent.futures
import contextlib
import sqlite3
import stat
import threading

from daemon import CONFIG, HISTORY
from harness.milter_mta import Message, Player
from harness.milter_wire import Session
from harness.waiting import PATIENCE, wait_until
from history_rows import ask, nothing_was_lost, rows, wait_for_rows

ALONE = CONFIG.replace('json = "{folder}/log/decisions.jsonl";', 'json = "";')


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
    assert nothing_was_lost(daemon), daemon.log()
