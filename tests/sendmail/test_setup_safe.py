"""submilterctl setup sendmail where something goes wrong: kills half-way, a pid file that somebody else wrote."""

import os
import signal

import pytest

from harness.build import program
from harness.sendmail_host import SendmailHost
from harness.waiting import wait_until

from sites import lay_out

CONF = "/usr/local/etc/submilter/submilter.conf"
STRACE = ("strace", "-E", "ASAN_OPTIONS=detect_leaks=0")  # looking for leaks is tracing, too
PID_FILE = "/run/sendmail/mta/sendmail.pid"


@pytest.fixture
def host():
    if os.geteuid() != 0:
        pytest.exit("these tests start an MTA of their own, which only root can do", returncode=77)
    with SendmailHost() as running:
        lay_out(running, "redhat")
        yield running


def command(*arguments):
    return ("submilterctl", "setup", "sendmail", "--daemon", str(program("milter/submilter")), "--user", "nobody",
            "--no-keys", *arguments)


def renames(host, *arguments):
    """What is put in place, in its order."""
    host.run(*STRACE, "-o", "/tmp/calls", "-e", "trace=rename", *command(*arguments))
    calls = [line for line in host.read("/tmp/calls").splitlines() if line.startswith("rename(")]
    host.path("/tmp/calls").unlink()
    return [call.split('"')[3] for call in calls]


def killed(host, number, *arguments):
    done = host.run(*STRACE, "-o", "/dev/null", "-e", "trace=rename",
                    "-e", f"inject=rename:signal=KILL:when={number}", *command(*arguments), check=False)
    assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), done


@pytest.mark.parametrize("running", [False, True])
def test_is_killed_between_the_mc_and_the_cf(host, running):
    """The .cf is then not what m4 makes of the .mc: undone, or done again, both fit."""
    if running:
        host.start_sendmail()
    before = host.state("/etc/mail")
    steps = renames(host, "--yes")
    done = host.read("/etc/mail/sendmail.mc")
    host.run(*command("--undo"))
    if running:
        host.shell("pkill -x submilter")
        wait_until(host.answers, "Sendmail answers again")
    number = steps.index("/etc/mail/sendmail.cf") + 1
    killed(host, number, "--yes")
    assert host.state("/etc/mail").keys() - before.keys() == {"etc/mail/sendmail.cf.submilter-new"}
    host.run(*command("--undo"))
    assert host.state("/etc/mail") == before and not host.path(CONF).exists()
    if running:
        host.shell("pkill -x submilter")
        wait_until(host.answers, "Sendmail answers again")
    killed(host, number, "--yes")
    said = host.run(*command("--yes"))
    assert b"cut off half-way" in said.stdout and host.read("/etc/mail/sendmail.mc") == done
    assert b"nothing to change" in host.run(*command("--yes")).stdout
    if running:
        wait_until(host.answers, "Sendmail answers again")
        assert host.smtp("EHLO x", "MAIL FROM:<>") == ["250", "250"]
    host.run(*command("--undo"))
    assert host.state("/etc/mail") == before


def test_signals_nobody_but_sendmail(host):
    """The pid file lies in a folder of the mail's user, who may write any number there."""
    host.shell("sleep 1000 >/dev/null 2>&1 & echo $! >/run/bystander")
    bystander = host.read("/run/bystander").strip()
    for text in (bystander + "\n", "-1\n", "0\n", ""):
        host.write(PID_FILE, text)
        said = host.run(*command("--yes"))
        assert b"SIGHUP" not in said.stdout
        host.run(*command("--undo"))
        assert host.run("kill", "-0", bystander).returncode == 0
    host.run("kill", bystander)
