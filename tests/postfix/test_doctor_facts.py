"""What the doctor's findings stand on: that a real Postfix does break a signature there, and only there."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from doctor_steps import checks, main_cf  # noqa: E402
from doctor_site import DoctorSite  # noqa: E402
from harness.submission import Submission, submit  # noqa: E402
from harness.waiting import wait_until  # noqa: E402

LONG = b"x" * 900
MESSAGE = b"From: alice@example.com\r\nTo: bob@example.net\r\nSubject: s\r\n\r\n" + LONG + b"\r\n"

BREAKING = {
    "smtp_generic_maps": main_cf(smtp_generic_maps="inline:{alice@example.com=alice@example.net}"),
    "smtp_header_checks": checks("smtp_header_checks", "/^Subject:/ REPLACE Subject: t\n"),
    "smtp_line_length_limit": main_cf(smtp_line_length_limit="512"),
}
HARMLESS = {
    "healthy": main_cf(),
    "canonical_maps": main_cf(canonical_maps="inline:{alice@example.com=bob@example.com}",
                              canonical_classes="header_sender"),
    "header_checks": checks("header_checks", "/^Subject:/ REPLACE Subject: t\n"),
    "smtp_header_checks of Received": checks("smtp_header_checks", "/^Received:/ IGNORE\n"),
    # submilter asks for its macros itself, with version 6 of the protocol.
    "milter_*_macros": main_cf(milter_connect_macros="j", milter_helo_macros="j", milter_mail_macros="i"),
}


@pytest.fixture(scope="module")
def running():
    with DoctorSite() as site:
        yield site


def valid(site, provoke, message=MESSAGE):
    site.save()
    try:
        provoke(site)
        outcome = submit(site, Submission(message=message))
        assert outcome.accepted, outcome
        # Its topmost Received may be gone: another sign tells the message.
        delivery = site.sink.wait_token(message[-40:])
        site.sink.deliveries.clear()
        return [each.valid for each in site.signatures(delivery.data)]
    finally:
        site.heal()


@pytest.mark.parametrize("name", HARMLESS)
def test_signature_holds(running, name):
    token = name.encode().replace(b" ", b"-")
    assert valid(running, HARMLESS[name], MESSAGE + token.ljust(40, b".") + b"\r\n") == [True, True]


@pytest.mark.parametrize("name", BREAKING)
def test_signature_breaks(running, name):
    assert valid(running, BREAKING[name], MESSAGE + name.encode().ljust(40, b".") + b"\r\n") == [False, False]


@pytest.mark.parametrize("classes, results", [("bounce", [True, True]), ("", [])], ids=["filtered", "unfiltered"])
def test_bounces(running, classes, results):
    """A bounce passes submilter, and is signed, where internal_mail_filter_classes has it do so."""
    site = running
    site.save()
    try:
        main_cf(internal_mail_filter_classes=classes, transport_maps="inline:{bad.example=local:}")(site)
        before = len(site.sink.deliveries)
        outcome = submit(site, Submission(message=MESSAGE, rcpts=("<x@bad.example>",)))
        assert outcome.accepted, outcome
        wait_until(lambda: len(site.sink.deliveries) > before, "the bounce")
        bounce = site.sink.deliveries[before]
        assert b"MAILER-DAEMON@example.com" in bounce.data and bounce.sender == "<>"
        assert [each.valid for each in site.signatures(bounce.data)] == results
    finally:
        site.heal()


def test_bounces_from_elsewhere(running):
    """... and refused where myorigin is no domain of ours."""
    site = running
    site.save()
    try:
        main_cf(internal_mail_filter_classes="bounce", myorigin="elsewhere.example",
                transport_maps="inline:{bad.example=local:}")(site)
        count = len(site.submilter.records.lines())
        assert submit(site, Submission(message=MESSAGE, rcpts=("<x@bad.example>",))).accepted
        last = site.submilter.records.wait_count(count + 2)[-1]
        assert last["action"] == "reject" and last["reply"], last
    finally:
        site.heal()
