"""What the history's database holds."""

import contextlib
import json
import os
import shutil
import sqlite3

from daemon import USER
from harness.waiting import PATIENCE, wait_until


def ask(path, sql, *values):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=PATIENCE)) as database:
        return database.execute(sql, values).fetchall()


def rows(path):
    """The records, as the database has them."""
    if not path.exists() or not path.stat().st_size:
        return []
    try:
        return [json.loads(row[0]) for row in ask(path, "SELECT record FROM records ORDER BY seq")]
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


def nothing_was_lost(daemon):
    """On a busy machine one who writes waits for another, and says so."""
    said = [line for line in daemon.log().splitlines() if "history.file" in line]
    return all("database is locked; mail goes on" in line or "again; 0 records were lost" in line for line in said)
