"""A daemon that counts, and what submilterctl says of it."""

import contextlib
import json
import os
import pathlib
import shutil
import tempfile
import time

import look_back
from daemon import CONFIG, HISTORY, USER
from harness.milter_mta import Client, Message
from harness.redis import Redis
from harness.waiting import wait_until

KEPT = 'counters: {{ file = "{folder}/lib/limits"; }};\n'
COUNTING = CONFIG + HISTORY + KEPT
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MINUTE, HOUR, DAY = range(3)


@contextlib.contextmanager
def fleet():
    """A Redis of one's own, not started yet, in a folder of a folder of one's own; and the configuration of the daemons
    that share it."""
    with tempfile.TemporaryDirectory(prefix="submilter-fleet.") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        redis = Redis(folder / "redis")
        secret = folder / "secret"
        secret.write_bytes(os.urandom(32))
        secret.chmod(0o600)
        if os.getuid() == 0:
            shutil.chown(secret, USER)
        try:
            yield redis, (CONFIG + HISTORY + 'counters: {{ file = "{folder}/lib/limits"; '
                          f'redis = "{redis.address}"; secret_file = "{secret}"; }}}};\n')
        finally:
            redis.stop()


def message(*rcpts, login="alice"):
    return Message(f"<{login}@example.com>", tuple(f"<{rcpt}>" for rcpt in rcpts) or ("<bob@example.net>",)) \
        .with_headers(("From", f" <{login}@example.com>"), ("Message-ID", " <1@example.com>"),
                      ("Date", " Sat, 21 Nov 2026 10:00:00 +0000"))


def send(gate, *rcpts, login="alice", **client):
    """One message. Returns the Outcome; its record is taken notice of."""
    client = {"login": f"{login}@example.com", **client}
    outcome = gate.play(message(*rcpts, login=login), Client(**client))
    gate.settled = gate.records(1)[0]
    return outcome


def shown(gate, *whom, status=None):
    """What `limits show --json` says; whatever its status, where none is given."""
    arguments = ("limits", "show", *whom, "--json")
    return json.loads(look_back.ask(gate.daemon, *arguments, status=status if status is not None else 0))


def wait_for_count(gate, quantity, count, *whom, window=DAY):
    """What is counted gets into the file within a second or so."""
    def counted():
        found = json.loads(look_back.output(gate.daemon, "limits", "show", *whom, "--json") or "null")
        return found if found and found["counted"][quantity][window] == count else None
    return wait_until(counted, f"{count} {quantity} of {whom}", explain=gate.daemon.log)


def older(record, days):
    """The same decision, so many days ago."""
    began = int(time.time() * 1000) - days * 86400000
    digits = ""
    for _ in range(10):
        began, digit = divmod(began, 32)
        digits = DIGITS[digit] + digits
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - days * 86400))
    return {**record, "id": digits + record["id"][10:], "time": stamp}
