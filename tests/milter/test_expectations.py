"""Expectations: a reload or start that breaks one is refused and named, and what submilterctl check says
is what the daemon does."""

import dataclasses
import json
import signal
import subprocess

import pytest

from daemon import BUILD, PROGRAM, Daemon
from gate import Gate
from harness.build import TOP
from harness.milter_mta import Client, Message
from harness.process import run
from harness.waiting import wait_until

ROWS = "alice@example.com alice@example.com\nbob@example.com bob@example.com\n"
SPOOF_IS_REFUSED = "alice@example.com from bob@example.com over TLS: refused from.not-owned\n"
SLOW = "/^(z+)+$/ alice@example.com\n"  # gives up: the address of 30 z is nobody's to tell
SLOW_ADDRESS = "z" * 30 + "@example.com"

AS_BOB = Message(mail_from="<bob@example.com>").with_headers(
    ("From", " bob@example.com"), ("Date", " Sat, 21 Nov 2026 10:00:00 +0000"), ("Message-ID", " <1@example.com>"))


class Site(Daemon):
    """A daemon with tables of senders and a file of expectations."""

    def __init__(self):
        super().__init__()
        self.senders, self.patterns = self.folder / "senders", self.folder / "patterns"
        self.expectations = self.folder / "expectations"
        self.senders.write_text(ROWS)
        self.patterns.write_text(SLOW)
        self.expectations.write_text(SPOOF_IS_REFUSED)
        self.configure(f'senders: {{ tables = [ "texthash:{self.senders}", "pcre:{self.patterns}" ]; }};\n'
                       f'expectations = "{self.expectations}";\n')

    def expect(self, *lines):
        self.expectations.write_text("".join(line + "\n" for line in lines))

    def reload_and_wait(self):
        """What it says of that."""
        before = len(self.log())
        self.reload()
        return wait_until(lambda: [line for line in self.log()[before:].splitlines()
                                   if "reloaded:" in line or "reload refused" in line],
                          "the reload", explain=self.log)[0]

    def check(self, *arguments):
        return subprocess.run([BUILD / "ctl" / "submilterctl", "-c", self.config, "check", *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False, text=True)

    def check_configuration(self):
        """submilter -n."""
        return subprocess.run([PROGRAM, "-n", "-c", self.config], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60, check=False, text=True)


@pytest.fixture
def site():
    site = Site()
    yield site
    try:
        if site.alive():
            assert site.stop() == 0, site.log()
    finally:
        site.remove()


def refused_as(outcome):
    return outcome.reply.text.rsplit("[", 1)[1].split()[0]


def test_a_reload_that_breaks_one_is_refused(site):
    """Mail goes on under the old tables, and under the new ones once that is expected."""
    gate = Gate(site.start())
    assert refused_as(gate.play(AS_BOB)) == "envelope.not-owned"
    site.senders.write_text(ROWS.replace("bob@example.com bob", "bob@example.com alice@example.com, bob"))
    said = site.reload_and_wait()
    assert "reload refused, the configuration before stays in force" in said
    assert f'{site.expectations}:1: "{SPOOF_IS_REFUSED.strip()}" does not hold: it would be accepted, ' in said
    assert refused_as(gate.play(AS_BOB)) == "envelope.not-owned"
    gate.check_signed(gate.play())
    site.expect("alice@example.com from bob@example.com over TLS: accepted, signed by example.com")
    assert "reloaded:" in site.reload_and_wait()
    gate.check_signed(gate.play(AS_BOB), AS_BOB)
    assert [record["action"] for record in gate.records(4)] == ["reject", "reject", "accept", "accept"]


def test_a_reload_with_a_file_that_makes_no_sense(site):
    site.start()
    site.expect("alice@example.com form bob@example.com: accepted")
    assert f'{site.expectations}:1: there is no circumstance "form"; did you mean "from"?' in site.reload_and_wait()
    site.expectations.unlink()
    assert f"{site.expectations}: there is no such file" in site.reload_and_wait()
    site.expect("# nothing any more")
    assert "reloaded:" in site.reload_and_wait()


def test_a_start_under_which_one_is_broken(site):
    site.expect("alice@example.com: accepted", "alice@example.com without TLS: accepted")
    with pytest.raises(RuntimeError) as failed:
        site.start()
    assert "ended with 78" in str(failed.value)
    assert f'{site.expectations}:2: "alice@example.com without TLS: accepted" does not hold: it would be ' \
           "refused tls.none" in site.log()
    assert not site.socket.exists()
    checked = site.check_configuration()
    assert checked.returncode == 78 and f"{site.expectations}:2: " in checked.stderr
    site.expect("alice@example.com: accepted")
    assert site.check_configuration().returncode == 0
    site.start()


def test_what_cannot_be_told(site):
    """It stops a reload and -n, and not a start: that warns, and such mail waits."""
    site.expect(f"alice@example.com from {SLOW_ADDRESS}: refused")
    gate = Gate(site.start())
    untold = f'{site.expectations}:1: it cannot be told whether "alice@example.com from {SLOW_ADDRESS}: refused" holds'
    site.wait_for_log(untold)
    assert "match limit exceeded" in site.log()
    assert refused_as(gate.play(dataclasses.replace(AS_BOB, mail_from=f"<{SLOW_ADDRESS}>"))) == "envelope.owner-unknown"
    assert gate.record()["action"] == "tempfail"
    assert untold in site.reload_and_wait()
    assert site.check_configuration().returncode == 78
    assert site.check().returncode == 1
    site.patterns.write_text("")
    assert "reloaded:" in site.reload_and_wait()
    site.expect("alice@example.com on submision: accepted")
    assert 'there is no listener "submision" in ' in (said := site.reload_and_wait())
    assert 'did you mean "submission"?' in said


def test_a_successor_under_which_one_is_broken(generations):
    gate = generations()
    expectations = gate.daemon.folder / "expectations"
    expectations.write_text("alice@example.com: refused\n")
    gate.daemon.configure(f'expectations = "{expectations}";\n')
    gate.daemon.process.send_signal(signal.SIGUSR2)
    gate.daemon.wait_for_log("hand-over failed, this process goes on")
    assert f'{expectations}:1: "alice@example.com: refused" does not hold' in gate.daemon.log()
    gate.check_signed(gate.play())
    gate.record()


def test_check_shows_what_would_be(site):
    site.expect("# comment", "alice@example.com: accepted", "alice@example.com from bob@example.com: accepted",
                "alice@example.com on nowhere: accepted")
    done = site.check()
    assert done.returncode == 1 and done.stderr == ""
    fail, expected, would_be, unknown, why, summary = done.stdout.splitlines()
    assert fail == f"FAIL  {site.expectations}:3  alice@example.com from bob@example.com: accepted"
    assert expected == "      expected: accepted"
    assert would_be.startswith("      would be: refused envelope.not-owned, refused from.not-owned, policy submission, ")
    assert unknown == f"????  {site.expectations}:4  alice@example.com on nowhere: accepted"
    assert why.startswith('      unknown:  there is no listener "nowhere"')
    assert summary == "1 hold, 1 broken, 1 could not be told"
    assert site.check("-v").stdout.startswith(f"pass  {site.expectations}:2  alice@example.com: accepted\n")
    other = site.folder / "other"
    other.write_text("alice@example.com: accepted")
    done = site.check(str(other))
    assert done.returncode == 0 and done.stdout == "1 hold, 0 broken\n"


def test_the_example_holds(site):
    """doc/expectations.example, under the settings that it is written for."""
    site.senders.write_text(ROWS + "sales@example.com alice@example.com\n")
    done = site.check(str(TOP / "doc" / "expectations.example"))
    assert done.returncode == 0 and done.stdout.endswith(" hold, 0 broken\n"), done


def test_check_has_nothing_to_check(site):
    site.configure()
    done = site.check()
    assert done.returncode == 78 and "there is nothing to check" in done.stderr
    done = site.check("/nonexistent/expectations")
    assert done.returncode == 78 and "/nonexistent/expectations: there is no such file" in done.stderr
    assert site.check("--nonsense").returncode == 64
    site.configure("nonsense = ;\n")
    assert site.check(str(site.expectations)).returncode == 78


def test_check_cannot_steer_the_terminal(site):
    """A file that somebody else wrote, looked at before it is taken."""
    site.expect('alice@example.com from "\u202e\u009b2J <bob@example.com>": accepted')
    shown = site.check().stdout
    assert "\u202e" not in shown and "\u009b" not in shown and r"\xe2\x80\xae\xc2\x9b2J" in shown


HEADERS = Message().headers
SAME = {
    "alice@example.com": (Client(), Message()),
    "alice@example.com without TLS": (Client(tls=None), Message()),
    "alice@example.com over TLSv1.1 bits 256": (Client(tls=("TLSv1.1", "AES256-SHA", "256")), Message()),
    "alice@example.com using CRAM-MD5": (Client(mechanism="CRAM-MD5"), Message()),
    "alice@example.com from bob@example.com": (Client(), AS_BOB),
    "alice@example.com from bob@example.com mail-from alice@example.com": (
        Client(), dataclasses.replace(AS_BOB, mail_from="<alice@example.com>")),
    "alice@example.com mail-from <>": (Client(), dataclasses.replace(Message(), mail_from="<>")),
    "alice@example.com sender bob@example.com": (Client(), Message().plus(("Sender", " bob@example.com"))),
    "alice@example.com without Message-ID": (Client(), Message().with_headers(*HEADERS[:-1])),
    'alice@example.com field "Subject : x"': (Client(), Message().plus(("Subject ", " x"))),
    "nobody from alice@example.com port 25": (Client(login=None, port=25), Message()),
    "nobody from x@example.net mail-from x@example.net port 25": (
        Client(login=None, port=25), dataclasses.replace(Message(), mail_from="<x@example.net>").with_headers(
            ("From", " x@example.net"), *HEADERS[2:])),
    "alice@example.com client 127.0.0.1 port 25": (Client(address="127.0.0.1", port=25), Message()),
}


def test_check_says_what_the_daemon_does(site):
    """Line by line: action, rule, reason, reply, policy and listener of its record."""
    gate = Gate(site.start())
    for line, (client, message) in SAME.items():
        gate.play(message, client)
        record = gate.record()
        site.expect(f"{line}: policy nowhere")
        (said,) = json.loads(site.check("--json").stdout)["expectations"]
        for key in ("action", "rule", "reason", "policy", "listener"):
            assert said[key] == record[key], (line, key, said, record)
        assert said["reply"] == (record["reply"] and record["reply"].rsplit(" [", 1)[0]), line


def test_a_thousand_of_them(site):
    site.expect(*(f"alice@example.com from alice+{number}@example.com: accepted, signed" for number in range(1000)))
    site.start()
    assert "reloaded:" in site.reload_and_wait()
    assert run(BUILD / "ctl" / "submilterctl", "-c", site.config, "check").stdout == b"1000 hold, 0 broken\n"
