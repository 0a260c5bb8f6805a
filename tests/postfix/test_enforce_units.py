"""`submilterctl enforce` after `setup`: setup's observe.conf is changed, and the daemon takes it, confined by its unit
or without systemd. systemctl is a stand-in (tests/harness/systemctl_stand_in.py); all else is real."""

import json
import os

import pytest

from harness.unit_host import PostfixUnitHost
from harness.waiting import wait_until

SEND = """\
import smtplib, sys
with smtplib.SMTP("127.0.0.1", 25) as client:
    try:
        client.sendmail("alice@example.com", ["root@localhost"], f"From: {sys.argv[1]}\\r\\nSubject: x\\r\\n\\r\\nx\\r\\n")
        print("taken")
    except smtplib.SMTPDataError as refused:
        print(refused.smtp_code, refused.smtp_error.decode())
"""


@pytest.fixture
def bare():
    if os.geteuid() != 0:
        pytest.exit("these tests need namespaces of their own, which only root can make", returncode=77)
    with PostfixUnitHost() as made:
        yield made


def send(host, sender):
    return host.run("python3", "-c", SEND, sender).stdout.decode()


def observed(host):
    """What the history says by now: the daemon writes it once a second."""
    return json.loads(host.submilterctl("observed", "--json").stdout)


def check_enforce(host):
    """Observed, asked, enforced, refused, and back."""
    assert "taken" in send(host, "ceo@example.org")
    wait_until(lambda: observed(host)["people"], "the message in the history", explain=lambda: str(observed(host)))
    assert observed(host)["would_refuse"][0]["reason"] == "not-ours"
    host.asked()
    asks = host.submilterctl("enforce", "from", "--policy", "local")
    assert asks.returncode == 1 and b"of 1 person" in asks.stdout and not host.asked()
    done = host.submilterctl("enforce", "from", "--policy", "local", "--yes", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["reload"] == "taken", said
    (file,) = said["files"]
    assert file["path"].endswith("/conf.d/observe.conf") and host.owner(file["path"]) == ("root:root", "644")
    assert send(host, "ceo@example.org").startswith("550 5.7.1 ")
    assert "taken" in send(host, "alice@example.com")
    assert host.submilterctl("observe", "from", "--policy", "local").returncode == 0
    assert "taken" in send(host, "ceo@example.org")


def test_a_daemon_of_systemds(bare):
    bare.sysusers()
    bare.tmpfiles()
    bare.start_postfix()
    bare.set_up("--yes")
    bare.asked()
    check_enforce(bare)
    assert bare.asked() == ["try-reload-or-restart submilter.service"] * 2
    assert bare.set_up("--enforce", "--yes")["applied"], "setup's own way goes on from there"
    assert send(bare, "ceo@example.org").startswith("550 5.7.1 ")


def test_a_daemon_without_systemd(bare):
    bare.shell("rm -r /run/systemd; mv /usr/bin/systemd-sysusers /usr/bin/away")
    bare.start_postfix()
    bare.set_up("--yes")
    check_enforce(bare)
    assert not bare.asked()
