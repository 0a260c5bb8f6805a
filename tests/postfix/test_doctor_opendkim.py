"""A real OpenDKIM beside submilter, with its package's own configuration: who signs, and what the doctor says."""

import re
import sys
import uuid
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from doctor_site import DoctorSite  # noqa: E402
from doctor_steps import milters  # noqa: E402
from harness.message import Message  # noqa: E402
from harness.process import free_ports, run  # noqa: E402
from harness.submission import Submission, submit  # noqa: E402
from harness.waiting import accepts, wait_until  # noqa: E402


@pytest.fixture(scope="module")
def healthy():
    with DoctorSite() as running:
        yield running


class Beside:
    """OpenDKIM as the package has it, at a port, and with these lines more."""

    def __init__(self, site, *lines):
        self.site = site
        (port,) = free_ports(1)
        config = site.private_etc() / "opendkim.conf"
        kept = [line for line in config.read_text().splitlines() if not line.startswith(("Socket", "PidFile"))]
        config.write_text("\n".join([*kept, f"Socket inet:{port}@127.0.0.1", "DNSTimeout 1", *lines]) + "\n")
        self.server = site.run_beside("/usr/sbin/opendkim", "-f", "-x", "/etc/opendkim.conf")
        self.server.wait_ready(lambda: accepts(("127.0.0.1", port)), "listens")
        milters(f"{{ MILTER, default_action=tempfail }}, {{ inet:127.0.0.1:{port}, default_action=accept }}")(site)

    def selectors(self):
        """Who signed the next message."""
        token = uuid.uuid4().hex.encode()
        message = b"From: alice@example.com\r\nTo: bob@example.net\r\nSubject: s\r\n\r\n" + token + b"\r\n"
        assert submit(self.site, Submission(message=message)).accepted
        delivery = self.site.sink.wait_token(token)
        signatures = Message.parse(delivery.data).named("DKIM-Signature")
        return sorted(re.search(rb"\bs=([^;]+)", each)[1].decode() for each in signatures)


@pytest.fixture
def site(healthy):
    healthy.save()
    yield healthy
    healthy.heal()


def test_signs_twice_until_mended(site):
    key = site.private_etc() / "dkimkeys"
    key.mkdir(mode=0o700, exist_ok=True)
    run("openssl", "genrsa", "-out", key / "theirs.private", "2048")
    run("chown", "-R", "opendkim:", key)
    beside = Beside(site, "Domain example.com", "Selector theirs", "KeyFile /etc/dkimkeys/theirs.private")
    wait_until(lambda: beside.selectors() == ["s1", "s1e", "theirs"], "both to sign", explain=beside.selectors)
    status, findings = site.doctor()
    wrong = [each for each in findings if not each["accepted"]]
    assert status == 1 and [each["id"] for each in wrong] == ["signers.opendkim"], findings
    assert wrong[0]["mend_is_command"]
    site.follow(wrong[0]["mend"])
    assert site.doctor()[0] == 0
    wait_until(lambda: beside.selectors() == ["s1", "s1e"], "OpenDKIM to verify only", explain=beside.selectors)
    assert beside.server.running(), beside.server.printed()


def test_without_a_key_it_signs_nothing(site):
    """As the package leaves it: its mode lets it sign, and there is nothing to sign with."""
    beside = Beside(site)
    status, findings = site.doctor()
    assert status == 0, findings
    assert beside.selectors() == ["s1", "s1e"]
