"""submilterctl verify on the command line and on a terminal."""

import fcntl
import os
import pty
import signal
import subprocess
import termios

import pytest

from harness.build import program
from harness.process import free_ports
from harness.waiting import PATIENCE, wait_until
from verify_site import ALL, differs, is_clean


def test_no_server(site):
    (port,) = free_ports(1)
    outcome = site.ctl("verify", "alice@example.com", "--server", f"127.0.0.1:{port}",
                       "--password-file", site.password)
    assert outcome.named("fail") == ["server"] and outcome.status == 69, outcome


@pytest.mark.parametrize("arguments, status, said", [
    ([], 64, "name the address"), (["alice"], 64, '"alice"'), (["a@b.example", "c@d.example"], 64, "one address"),
    (["a@b.example", "--server", "x/y"], 64, '"x/y"'), (["a@b.example", "--server", "x:0"], 64, '"0"'),
    (["a@b.example", "--tls", "no"], 64, '"no"'), (["a@b.example", "--sink", "x"], 64, "--sink"),
    (["a@b.example", "--sink", "25", "--mailbox", "m"], 64, "one place"),
    (["a@b.example", "--to", "x\r\ny@z.example"], 64, "--to"),
    (["a@b.example", "--password-file", "/nonexistent"], 66, "/nonexistent"),
    (["a@b.example", "--password-file", "/etc/passwd"], 66, "chmod 600 /etc/passwd"),
    (["a@b.example", "--sink", "192.0.2.1:2525"], 71, "192.0.2.1"),
], ids=str)
def test_wrong_arguments(site, arguments, status, said):
    outcome = site.ctl("verify", *arguments)
    assert outcome.status == status and said in outcome.stderr and outcome.rows == [], outcome


def test_a_certificate_that_does_not_hold(site):
    port = site.mta.port("submission")
    common = ["--password-file", site.password, "--sink", str(site.sink_port), "--to", "bob@sink.example.net",
              "--resolver", site.dns.address]
    outcome = site.ctl("verify", "alice@example.com", "--server", f"127.0.0.1:{port}", *common)
    assert outcome.named("fail") == ["tls"] and outcome.named("skip") == ["login"] and outcome.status == 1, outcome
    outcome = site.ctl("verify", "alice@example.com", "--server", f"other.example.com:{port}",
                       "--connect", "127.0.0.1", "--ca", site.certificates.ca, *common)
    assert outcome.named("fail") == ["tls"] and "other.example.com" in outcome.row("tls")["seen"], outcome
    outcome = site.ctl("verify", "alice@example.com", "--server", f"mail.example.com:{port}",
                       "--connect", "127.0.0.1", "--ca", site.certificates.ca, *common)
    assert is_clean(outcome, ALL)
    outcome = site.ctl("verify", "alice@example.com", "--server", f"127.0.0.1:{port}", "--insecure", *common)
    assert is_clean(outcome, ALL) and "--insecure" in outcome.row("tls")["seen"]


def test_logins(site):
    assert is_clean(site.verify("submission", "--mechanism", "LOGIN"), ALL)
    outcome = site.verify("submission", "--mechanism", "CRAM-MD5")
    assert outcome.named("fail") == ["accepted"] and "[auth.mechanism " in outcome.row("accepted")["seen"]
    assert outcome.named("skip") == ["spoofed-sender", "spoofed-from", "two-from", "hidden-break"], outcome
    outcome = site.verify("submission", "--login", "nobody@example.com")
    assert outcome.named("fail") == ["login"] and "535" in outcome.row("login")["seen"], outcome
    outcome = site.verify("submission", "--login", "bob@example.com")
    assert outcome.named("fail") == ["accepted"] and "[envelope.not-owned " in outcome.row("accepted")["seen"]


def test_a_table_for_people(site):
    done = site.submilter.ctl(*site.arguments("cleartext-login", "--password-file", site.password), "--to",
                              "bob@sink.example.net", "--sink", str(site.sink_port), check=False)
    lines = done.stdout.decode().splitlines()
    row = "FAIL  clear-login     AUTH is offered without TLS: "
    (at,) = [number for number, line in enumerate(lines) if line.startswith(row)]
    assert lines[at + 1].lstrip().startswith("why: ")
    assert lines[at + 2].lstrip().startswith(differs(postfix="do:  Postfix: ", sendmail="do:  Sendmail: "))
    assert lines[-1] == f"{len(ALL) - 1} passed, 1 failed, 0 skipped" and done.returncode == 1


class Terminal:
    """submilterctl on a terminal of its own."""

    def __init__(self, arguments, on_interrupt=signal.SIG_DFL):
        self.ours, self.theirs = pty.openpty()

        def control():
            signal.signal(signal.SIGINT, on_interrupt)  # whatever whoever runs the tests does with it
            os.setsid()
            fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)

        self.said = b""
        self.process = subprocess.Popen(arguments, stdin=self.theirs, stdout=self.theirs, stderr=self.theirs,
                                        preexec_fn=control)  # pylint: disable=subprocess-popen-preexec-fn

    def read_until(self, text):
        while text not in self.said:
            self.said += os.read(self.ours, 4096)

    def echoes(self):
        return bool(termios.tcgetattr(self.theirs)[3] & termios.ECHO)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def terminal(site, request):
    arguments = site.arguments("submission", "--to", "bob@sink.example.net", "--sink", str(site.sink_port))
    asked = Terminal([program("ctl/submilterctl"), "-c", site.submilter.config, *map(str, arguments)],
                     getattr(request, "param", signal.SIG_DFL))
    asked.read_until(b"Password of alice@example.com: ")
    wait_until(lambda: not asked.echoes(), "the terminal to fall silent")
    yield asked
    asked.close()


def test_a_password_from_the_terminal(terminal):
    os.write(terminal.ours, b"secret\n")
    terminal.read_until(b"0 failed, 0 skipped")
    assert terminal.process.wait(PATIENCE) == 0
    assert b"secret" not in terminal.said and terminal.echoes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_terminal_is_left_as_it_was(terminal, number):
    if number == signal.SIGINT:
        os.write(terminal.ours, b"\x03")
    else:
        terminal.process.send_signal(number)
    assert terminal.process.wait(PATIENCE) == -number
    assert terminal.echoes()


@pytest.mark.parametrize("terminal", [signal.SIG_IGN], indirect=True)
def test_an_ignored_signal_stays_ignored(terminal):
    """As in a shell's background, or behind nohup."""
    os.write(terminal.ours, b"\x03secret\n")
    terminal.read_until(b"0 failed, 0 skipped")
    assert terminal.process.wait(PATIENCE) == 0 and terminal.echoes()
