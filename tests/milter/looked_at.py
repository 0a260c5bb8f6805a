"""Mail of several kinds, for those who look back at it."""

import contextlib
import sqlite3

from daemon import CONFIG, HISTORY
from harness.milter_mta import Client, Message
from harness.waiting import wait_until

SENDERS = """\
# Who owns what.
alice@example.com  alice@example.com
bob@example.com    bob, alice@example.com
ceo@example.com    ceo
"""
MORE = 'senders: {{ tables = [ "texthash:{folder}/senders" ]; }};\n'
# The smallest texts that would do harm on a terminal.
HOSTILE = "\x1b[2J\u202e\u2066x\x9b\u200b"

DATE = ("Date", " Sat, 21 Nov 2026 10:00:00 +0000")
ID = ("Message-ID", " <1@example.com>")


def from_(value, *more):
    return Message().with_headers(("From", " " + value), DATE, ID, *more)


# name -> message, client, queue id
MAIL = {
    "accepted": (Message(), Client(), "4AccepTed0"),
    "of-bob": (from_("bob@example.com"), Client(), "4OfBob0"),
    "not-owned": (from_("ceo@example.com"), Client(), "4NotOwned0"),
    "stranger": (from_("x@example.net"), Client(address="2001:db8::7", tls=("TLSv1.2", "ECDHE", "256")), "4Twice0"),
    "again": (from_("y@example.net"), Client(address="2001:db8::7"), "4Twice0"),
    "at-mail": (Message(mail_from="<ceo@example.com>"), Client(), "4AtMail0"),
    "no-login": (Message(), Client(login=None, mechanism=None, address="198.51.100.9"), "4NoLogin0"),
    "observed": (from_('"ceo@evil.org" <alice@example.com>'), Client(), "4Observed0"),
    "mended": (Message().with_headers(
        ("From", " alice@example.com"), DATE, ("Message-ID", " broken"), ("X-Spam-Status", " no, really"),
        ("X-Spam-Status", " second\n folded")), Client(), "4Mended0"),
    "hostile": (from_(f"{HOSTILE}@example.com", ("Sender", f" {HOSTILE} <ceo@example.com>")),
                Client(helo=HOSTILE, name=HOSTILE), "4Hostile0"),
}


# One that went out mended, and would have been refused by several rules.
OBSERVING = """policies: {{ submission: {{
    auth: {{ mode = "observe"; mechanisms = [ "SCRAM-SHA-256" ]; }}; from: {{ mode = "observe"; }};
    recipients: {{ mode = "observe"; max = 1; }}; }}; }};
"""
WOULD_BE_REFUSED = Message(rcpts=("<bob@example.net>", "<carol@example.net>")).with_headers(
    ("From", " ceo@example.com"), DATE, ("Message-ID", " broken"))


def configuration(more=""):
    return CONFIG + HISTORY + MORE + more


def rows(daemon):
    if not daemon.history.exists() or not daemon.history.stat().st_size:
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{daemon.history}?mode=ro", uri=True)) as database:
        try:
            return database.execute("SELECT count(*) FROM decisions").fetchone()[0]
        except sqlite3.OperationalError:  # its tables are being made
            return 0


def wait_for_rows(daemon, count):
    wait_until(lambda: rows(daemon) >= count, f"{count} rows in the history", explain=daemon.log)


def send(gate, name):
    """One of MAIL; returns its record."""
    message, client, queue_id = MAIL[name]
    player = gate.player(client)
    player.queue_id = queue_id
    player.message(message)
    player.session.quit()
    return gate.record()


def send_all(gate):
    """name -> record"""
    records = {name: send(gate, name) for name in MAIL}
    wait_for_rows(gate.daemon, len(records))
    return records
