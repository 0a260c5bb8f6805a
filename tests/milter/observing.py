"""A daemon that observes rules, and traffic that they would have refused."""

import subprocess

import pytest

from daemon import BUILD, CONFIG, HISTORY, PROGRAM
from harness.milter_mta import Client, Message
from harness.waiting import PATIENCE
from test_history import wait_for_rows

OBSERVING = """\
policies: {
  submission: {
    from: { mode = "observe"; };  # until the lists are known
    sender: { mode = "observe"; };
  };
};
groups: ( { name = "lab"; logins = [ "lab@example.com" ]; rules: { from: { mode = "observe"; }; }; } );
"""
ENFORCED = OBSERVING.replace('"observe"', '"enforce"', 1)


def ctl(daemon, *arguments):
    return subprocess.run([str(BUILD / "ctl" / "submilterctl"), "-c", str(daemon.config), *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False, text=True)


def enforce(daemon, *arguments):
    return ctl(daemon, "enforce", "from", "--daemon", str(PROGRAM), *arguments)


def policies(daemon):
    """The part of the configuration that the tests write."""
    text = daemon.config.read_text()
    return text[text.index("policies:"):]


def mail(login, sender=None):
    """What the login sends, and who it is; From is the sender's."""
    fields = [field for field in Message().headers if field[0] != "From"]
    message = Message(mail_from=f"<{login}>").with_headers(("From", f" {sender or login}"), *fields)
    return message, Client(login=login)


def send(gate, login, sender=None):
    message, client = mail(login, sender)
    return gate.play(message, client)


def is_refused(outcome):
    return outcome.reply.text.startswith("550 5.7.1 ") and "[from.not-owned " in outcome.reply.text


@pytest.fixture
def observing(start_daemon):
    """A daemon that observes From and Sender, with traffic of four logins, of which two claim to be another."""
    gate = start_daemon(OBSERVING, config=CONFIG + HISTORY)
    sent = [("alice@example.com", None), ("bob@example.com", None), ("carol@example.org", None),
            ("alice@example.com", "ceo@example.com"), ("alice@example.com", "ceo@example.com"),
            ("bob@example.com", "shop@example.com"), ("lab@example.com", "ceo@example.com")]
    for login, sender in sent:
        assert send(gate, login, sender).accepted
    gate.traffic = gate.records(len(sent))
    wait_for_rows(gate.daemon, len(sent))
    return gate
