"""The load client of tests/bench plays Postfix: a probe is told the same by both, in the same order."""

import subprocess

import pytest

from harness.build import program
from harness.postfix import Service
from harness.probe import Probe
from harness.site import Site
from harness.submission import Submission, submit

# What main.cf's defaults send, and what submilter asks for (milter/macros.c).
ASKED = {
    "connect": "j v {daemon_name} {daemon_port} {client_name}",
    "helo": "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
    "mail": "i {auth_authen} {auth_type} {tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
    "rcpt": "i {rcpt_mailer} {rcpt_host}",
    "eom": "i",
}
FIELDS = "From: {login}\nSubject: x\n"
BODY = b"b" * 70 + b"\r\n"


@pytest.fixture(params=[{}, ASKED], ids=["defaults", "asked"])
def probe(request):
    running = Probe(request.param)
    yield running
    running.stop()


def told(connection):
    """[(event, names of its macros)]"""
    return [(event.name, sorted(event.macros)) for event in connection]


def test_the_same_events_and_macros(probe, tmp_path):
    login = "user0@example.com"
    with Site([Service("smtps", {"smtpd_tls_wrappermode": "yes"})], f"inet:127.0.0.1:{probe.port}") as site:
        message = FIELDS.format(login=login).replace("\n", "\r\n").encode() + b"\r\n" + BODY
        outcome = submit(site, Submission("smtps", message=message, helo="postfix.example.net"))
        assert outcome.accepted, outcome.reply
        by_postfix = probe.wait("helo", b"postfix.example.net")
    block = tmp_path / "block"
    block.write_text(FIELDS)
    subprocess.run([program("tests/bench/milter_load"), "--messages", "1", "--block", block, "--body", str(len(BODY)),
                    f"inet:{probe.port}@127.0.0.1"], check=True, stdin=subprocess.DEVNULL, timeout=60)
    by_client = probe.wait("helo", b"laptop.example.net")
    assert told(by_client) == told(by_postfix)
