"""submilterctl verify that is broken off: no mail stays behind, and no password."""

import base64
import os
import resource
import signal
import subprocess

import pytest

from harness.build import program
from harness.odd_server import HoldingRelay
from harness.waiting import PATIENCE, wait_until

THIRD_PROBE = 7  # connections: clear-login, clear-mail, tls, old-tls, spoofed-sender, spoofed-from, this


class Running:
    """submilterctl verify at the password's owner's side, while it runs."""

    def __init__(self, site, server_port, *more):
        arguments = ["verify", "alice@example.com", "--server", f"127.0.0.1:{server_port}", "--tls", "starttls",
                     "--ca", site.certificates.ca, "--resolver", site.dns.address,
                     "--password-file", site.password, "--sink", str(site.sink_port), "--wait", "600", *more]
        self.process = subprocess.Popen(
            [program("ctl/submilterctl"), "-c", site.submilter.config, *map(str, arguments)], cwd=site.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=self._as_in_a_terminal)  # pylint: disable=subprocess-popen-preexec-fn

    @staticmethod
    def _as_in_a_terminal():
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)

    def end(self, number):
        """What it said, and by which signal it ended."""
        self.process.send_signal(number)
        said, complaint = self.process.communicate(timeout=PATIENCE)
        return said.decode(), complaint.decode(), -self.process.returncode

    def memory(self):
        """Everything that it may write to."""
        found = []
        with open(f"/proc/{self.process.pid}/maps", encoding="ascii", errors="replace") as maps, \
                open(f"/proc/{self.process.pid}/mem", "rb", 0) as memory:
            for line in maps:
                begin, end = (int(text, 16) for text in line.split()[0].split("-"))
                if line.split()[1].startswith("rw") and end - begin < 1 << 30:
                    memory.seek(begin)
                    found.append(memory.read(end - begin))
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def held(site):
    """One that has sent a message which was taken, and is held up at the next."""
    relay = HoldingRelay(site.mta.port("unguarded"), THIRD_PROBE)
    with relay, Running(site, relay.port, "--to", "bob@sink.example.net") as running:
        relay.wait_held()
        yield running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_was_taken_leaves_the_queue(site, held, number):
    said, complaint, by = held.end(number)
    assert by == number and complaint == "", (said, complaint)
    assert "FAIL  spoofed-from" in said and "two-from" not in said, said  # nothing is said of what was not seen
    wait_until(lambda: not site.mta.under_way(), "the queue to come to rest")
    assert site.mta.waiting() == []


def test_what_stays_in_the_queue_is_said(site):
    """Of a recipient whose mail does not go to the sink."""
    before = len(site.sink.deliveries)
    with Running(site, site.mta.port("submission"), "--to", "bob@example.net") as running:
        site.sink.wait_more_than(before)
        _, complaint, by = running.end(signal.SIGINT)
    assert by == signal.SIGINT and "1 of the test messages" in complaint and "mailq" in complaint


def test_the_password_is_in_no_argument_environment_or_core(site):
    relay = HoldingRelay(site.mta.port("submission"), 1)  # held before anything was sent
    with relay, Running(site, relay.port, "--to", "bob@sink.example.net") as running:
        relay.wait_held()
        for name in ("cmdline", "environ"):
            with open(f"/proc/{running.process.pid}/{name}", "rb") as file:
                assert b"secret" not in file.read()
        assert any(b"secret" in piece for piece in running.memory())
        running.process.send_signal(signal.SIGQUIT)
        _, status = os.waitpid(running.process.pid, 0)
        running.process.returncode = -signal.SIGQUIT
    assert os.WTERMSIG(status) == signal.SIGQUIT and not os.WCOREDUMP(status)


def test_the_password_is_gone_from_memory_when_it_is_not_needed(site):
    plain = b"alice@example.com\0secret"
    forms = [b"secret\n", b"secret\0", plain, base64.b64encode(b"\0" + plain)[:-2]]
    before = len(site.sink.deliveries)
    with Running(site, site.mta.port("submission"), "--to", "bob@example.net") as running:
        site.sink.wait_more_than(before)

        def gone():
            return not any(form in piece for piece in running.memory() for form in forms)

        wait_until(gone, "the password to be gone")
        assert running.process.poll() is None
