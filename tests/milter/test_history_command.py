"""submilterctl history, and what the manual tells those who ask with SQL."""

import contextlib
import json
import os
import re
import sqlite3
import stat
import subprocess
import threading

import pytest

import look_back
from counters import older
from daemon import CONFIG, HISTORY
from harness.build import TOP, program
from harness.milter_mta import Message
from harness.process import run
from harness.waiting import PATIENCE, wait_until
from history_rows import nothing_was_lost


def ctl(daemon, *arguments, check=True):
    return run(program("ctl/submilterctl"), "-c", daemon.config, "history", *arguments, check=check)


def holds(daemon):
    return json.loads(ctl(daemon, "--json").stdout)


def wait_for_rows(daemon, count):
    """At first the file is not there, or holds nothing."""
    def there():
        done = ctl(daemon, "--json", check=False)
        return done.returncode == 0 and json.loads(done.stdout)["rows"] == count
    wait_until(there, f"{count} rows", explain=daemon.log)


@pytest.fixture
def site(start_daemon):
    return start_daemon(config=CONFIG + HISTORY)


def test_what_it_holds(site):
    daemon = site.daemon
    wait_for_rows(daemon, 0)
    empty = holds(daemon)
    assert (empty["rows"], empty["oldest"], empty["newest"]) == (0, None, None)
    assert b"oldest          none\n" in ctl(daemon).stdout
    site.check_signed(site.play())
    wait_for_rows(daemon, 1)
    found = holds(daemon)
    record = site.record()
    assert found["oldest"] == found["newest"] == record["time"]
    assert found["file"] == str(daemon.history) and found["configurations"] == 1 and found["schema"] == 1
    assert found["size"] == daemon.history.stat().st_size or found["journal"] > 0
    assert (found["keep"], found["max_size"]) == (30 * 86400, 2 << 30)
    assert b"decisions       1\n" in ctl(daemon).stdout


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_full_disk(site, options):
    wait_for_rows(site.daemon, 0)
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([program("ctl/submilterctl"), "-c", site.daemon.config, "history", *options], check=False,
                              stdin=subprocess.DEVNULL, stdout=full)
    assert done.returncode == 74


def test_what_was_imported_unheard(site, tmp_path):
    """It is in the history all the same, and what says so is lost."""
    site.check_signed(site.play())
    wait_for_rows(site.daemon, 1)
    file = tmp_path / "decisions.jsonl"
    file.write_text(json.dumps(older(site.record(), 1)) + "\n")
    assert "the change was made" in look_back.unheard(site.daemon, "history", "import", file)
    wait_for_rows(site.daemon, 2)
    assert "change was made" not in look_back.unheard(site.daemon, "history", "import", file)


def test_where_there_is_none(start_daemon):
    daemon = start_daemon().daemon
    done = ctl(daemon, check=False)
    assert done.returncode == 78 and b"history.file is not set" in done.stderr
    for arguments, said in ((["import"], b"import: files"), (["status"], b'"status": history'),
                            (["--json", "import", "x"], b"--json")):
        done = ctl(daemon, *arguments, check=False)
        assert done.returncode == 64 and said in done.stderr


def test_import_beside_the_daemon(site):
    """Older records come in while new ones do; a second time changes nothing."""
    daemon = site.daemon
    site.check_signed(site.play())
    record = site.record()
    old = daemon.folder / "old.jsonl"
    times = [f"2026-11-{1 + number % 20:02}T10:00:00.000Z" for number in range(1500)]
    old.write_text("".join(json.dumps({**record, "id": f"OLD{number}", "time": time}) + "\n"
                           for number, time in enumerate(times)) + "no record\n")
    enough = threading.Event()
    sent = []

    def send():
        player = site.player()
        while not enough.is_set():
            assert player.message().accepted
            sent.append(1)
        player.session.close()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        done = ctl(daemon, "import", old, check=False)
        wait_until(lambda: sent, "mail")
    finally:
        enough.set()
        sender.join(PATIENCE)
    assert done.stdout == b"1500 records were imported, 0 were there already, 1 line could not be read\n", done
    assert done.returncode == 65 and b"old.jsonl:1501: it is no JSON" in done.stderr
    assert ctl(daemon, "import", old, check=False).stdout.startswith(b"0 records were imported, 1500 were there")
    wait_for_rows(daemon, 1501 + len(sent))
    assert nothing_was_lost(daemon), daemon.log()
    site.records(len(sent))


def test_import_waits_for_who_writes(site):
    daemon = site.daemon
    site.check_signed(site.play())
    old = daemon.folder / "old.jsonl"
    old.write_text(json.dumps({**site.record(), "id": "OLD"}) + "\n")
    with contextlib.closing(sqlite3.connect(daemon.history, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with subprocess.Popen([look_back.PROGRAM, "-c", daemon.config, "history", "import", old],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as importing:
            with pytest.raises(subprocess.TimeoutExpired):
                importing.wait(4)
            other.execute("ROLLBACK")
            assert importing.communicate(timeout=PATIENCE)[0].startswith(b"1 record was imported"), importing
            assert importing.returncode == 0


def test_import_makes_the_database(start_daemon):
    """Root's import leaves it to the daemon, which goes on with it."""
    gate = start_daemon()
    daemon = gate.daemon
    gate.check_signed(gate.play())
    gate.record()
    daemon.template = CONFIG + HISTORY
    daemon.configure()
    assert ctl(daemon, "import", daemon.records_file).stdout.startswith(b"1 record was imported")
    status, folder = daemon.history.stat(), daemon.history.parent.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (folder.st_uid, folder.st_gid, 0o640)
    daemon.reload()
    daemon.wait_for_log("reloaded:", PATIENCE)
    gate.check_signed(gate.play())
    wait_for_rows(daemon, 2)
    gate.record()


def examples():
    page = (TOP / "doc/submilter-history.5").read_text("utf-8")
    found = re.findall(r"^SELECT .*?;$", page, re.DOTALL | re.MULTILINE)
    assert len(found) == 3
    return [text.replace("\\", "") for text in found]


def test_the_manuals_questions(start_daemon):
    """They are asked as they stand there."""
    gate = start_daemon(config=CONFIG + HISTORY)
    gate.check_signed(gate.play())
    spoof = Message(headers=[("From", '"ceo@example.com" <alice@example.com>'), ("Date", "Fri, 20 Nov 2026 10:00:00 +0000")])
    assert gate.play(spoof).accepted, "display_name is only observed"
    assert gate.play(Message(headers=[("From", "bob@example.com")])).reply.code == 5
    records = gate.records(3)
    wait_for_rows(gate.daemon, 3)
    with contextlib.closing(sqlite3.connect(f"file:{gate.daemon.history}?mode=ro", uri=True)) as database:
        refused, observed, received = [database.execute(text).fetchall() for text in examples()]
    assert [row[:4] for row in refused] == [("alice@example.com", "from", "not-owned", 1)]
    assert ("display_name", 1, 1) in [(row[0], *row[2:]) for row in observed]
    assert [row[0] for row in received] == [record["id"] for record in records[:2]]
    assert received[0][3] == "laptop.example.net"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_who_may_only_read(site):
    """As group adm has it: with the daemon, and without."""
    daemon = site.daemon
    site.check_signed(site.play())
    site.record()
    wait_for_rows(daemon, 1)

    def reads():
        group = daemon.history.stat().st_gid
        done = run("setpriv", "--reuid", "games", "--regid", str(group), "--clear-groups", "--",
                   program("ctl/submilterctl"), "-c", daemon.config, "history", "--json", check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["rows"]

    for path in (daemon.history.parent, daemon.config):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert reads() == 1
    assert daemon.stop() == 0
    assert reads() == 1
