"""submilterctl verify against servers that answer nonsense, or nothing: it ends, and nothing that they say
reaches the terminal as it is."""

import re
import subprocess

import pytest

from harness.build import program
from harness.odd_server import OddServer, endless, silence
from harness.process import run
from harness.waiting import PATIENCE

STAGES = ["greeting", "EHLO", "AUTH", "MAIL", "STARTTLS", "TLS EHLO", "TLS AUTH", "TLS MAIL", "TLS RCPT", "TLS DATA",
          "TLS message"]
KINDS = {
    "silence": silence,
    "an endless line": endless(b"250 " + b"x" * 65536),
    "endless lines": endless(b"250-more\r\n" * 5000),
    "long lines": b"250-" + b"y" * 100_000 + b"\r\n250 " + b"z" * 100_000 + b"\r\n",
    "NUL": b"250 \0\0 a\0b\r\n\0",
    "terminal codes": b"550 5.7.1 \x1b]0;title\x07\x1b[2J\x9b2J\xc2\x9b2J\x7f\b\r\n",
    "no code": b"\x80\xff\xfe\r\n",
    "odd code": b"999 what\r\n",
    "nothing": b"\r\n",
}


def verify(site, server, *more):
    """Its exit status and what it printed."""
    arguments = ["verify", "alice@example.com", "--server", f"127.0.0.1:{server.port}", "--tls", "starttls",
                 "--ca", site.certificates.ca, "--password-file", site.password, "--no-dns",
                 "--to", "bob@sink.example.net", "--timeout", "1", *more]
    done = subprocess.run([program("ctl/submilterctl"), "-c", site.submilter.config, *arguments], check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    return done.returncode, done.stdout, done.stderr


def is_harmless(text):
    return re.fullmatch(rb"[\n -~]*", text)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stage", STAGES)
def test_nonsense(site, stage, kind):
    with OddServer({stage: KINDS[kind]}, site.certificates.cert, site.certificates.key) as server:
        status, said, complaint = verify(site, server)
        assert stage in server.stages
    assert status in (1, 69), (status, said, complaint)
    assert is_harmless(said) and is_harmless(complaint), (said, complaint)
    assert b"FAIL" in said and len(said) < 40_000


def test_a_polite_server_is_taken_for_what_it_is(site):
    """So that the tests above fail for their nonsense alone."""
    with OddServer({}, site.certificates.cert, site.certificates.key) as server:
        status, said, _ = verify(site, server)
    checks = {check: result for result, check in re.findall(r"^(\w+)  ([\w-]+) ", said.decode(), re.MULTILINE)}
    assert status == 1
    assert checks["accepted"] == "pass" and checks["login"] == "pass" and checks["clear-mail"] == "pass", said
    assert checks["spoofed-from"] == "FAIL", said


def test_one_silence_is_enough(site):
    """A server behind a packet filter that drops everything costs one time-out, not one for each probe."""
    with OddServer({"TLS RCPT": silence}, site.certificates.cert, site.certificates.key) as server:
        _, said, _ = verify(site, server)
        assert server.stages.count("TLS RCPT") == 1
    assert said.count(b"is not asked again") == 4, said


@pytest.mark.parametrize("kind", ["endless lines", "an endless line"])
def test_what_never_ends_is_no_reply(site, kind):
    """Its size ends it, long before the time is up."""
    with OddServer({"TLS MAIL": KINDS[kind]}, site.certificates.cert, site.certificates.key) as server:
        _, said, _ = verify(site, server, "--timeout", "600")
    assert b"at MAIL: the server says what is no SMTP reply" in said, said


def test_names_in_a_certificate_are_the_servers_words(site, tmp_path):
    key, cert, request = tmp_path / "key", tmp_path / "cert", tmp_path / "request"
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\x1b[2Jevil", "-keyout", key, "-out", request)
    ca = site.certificates.ca
    run("openssl", "x509", "-req", "-days", "2", "-in", request, "-CA", ca, "-CAkey", ca.parent / "ca.key",
        "-set_serial", "77", "-out", cert)
    with OddServer({}, cert, key) as server:
        status, said, _ = verify(site, server)
    assert status == 1 and is_harmless(said) and rb"\x1b[2Jevil" in said, said
