"""The header as it leaves: what was to go is gone, what was to stay stands as it was, what was added is
signed, and every signature holds over the result."""

import re

import pytest

from daemon import CONFIG
from harness.milter_mta import SENDMAIL, POSTFIX, Message, message_bytes
from harness.milter_wire import ADDHEADER, CHGHEADER, INSHEADER, P_ALL, P_HDR_LEADSPC

OURS = ("Authentication-Results", " mx.example.com; spf=pass smtp.mailfrom=ceo@example.com")
FOREIGN = ("Authentication-Results", " mx.example.net; dkim=pass")
BASE = Message().headers

# Name -> the fields among BASE, and which of them (by place) are to go.
STRIPS = {
    "one of ours": ([OURS], {0}),
    "one foreign": ([FOREIGN], set()),
    "eight of ours": ([OURS] * 8, set(range(8))),
    "ours first": ([OURS, FOREIGN], {0}),
    "ours last": ([FOREIGN, OURS], {1}),
    "ours between": ([FOREIGN, OURS, FOREIGN], {1}),
    "ours around": ([OURS, FOREIGN, OURS], {0, 2}),
    "eight among eight": ([OURS, FOREIGN] * 8, set(range(0, 16, 2))),
    "spelt oddly": ([("AUTHENTICATION-RESULTS", " MX.EXAMPLE.COM; none"),
                     ("authentication-results", " (c) mx.example.com (x); none"),
                     ("Authentication-Results", " \"mx.example.com\"; none"),
                     ("Authentication-Results", " mx.example.com. ; none"),
                     ("Authentication-Results", "\n mx.example.com 1; none"),
                     FOREIGN], {0, 1, 2, 3, 4}),
    "equal but for a blank": ([FOREIGN, ("Authentication-Results", FOREIGN[1] + " ")], set()),
    "of several kinds": ([OURS, ("X-Spam-Status", " No"), FOREIGN, ("X-Spam-Status", " Yes"),
                          ("Return-Path", " <ceo@example.com>"), OURS,
                          ("Received-SPF", " pass"), ("Delivered-To", " x@example.com")],
                         {0, 1, 3, 4, 5, 6, 7}),
    "a hundred": ([OURS, FOREIGN] * 100, set(range(0, 200, 2))),
}


def expected_of(message, gone):
    headers = [(name.encode(), value.encode()) for name, value in message.headers]
    return [field for place, field in enumerate(headers) if place not in gone]


def as_left(fields):
    """Without what the gate put on top, and the MTA's Received."""
    return [field for field in fields
            if field[0] != b"DKIM-Signature" and b"(MTA)" not in field[1]]


@pytest.mark.parametrize("leadspc", [True, False], ids=["leadspc", "no leadspc"])
@pytest.mark.parametrize("place", ["above", "below"])
@pytest.mark.parametrize("case", STRIPS)
def test_strips(gate, case, place, leadspc):
    extra, gone = STRIPS[case]
    headers = (*extra, *BASE) if place == "above" else (*BASE, *extra)
    message = Message().with_headers(*headers)
    shift = 0 if place == "above" else len(BASE)
    protocol = P_ALL if leadspc else P_ALL & ~P_HDR_LEADSPC
    outcome = gate.play(message, protocol=protocol)
    wanted = expected_of(message, {shift + index for index in gone})
    for renumbers in (True, False):
        fields = gate.check_signed(outcome, message, leadspc=leadspc, renumbers=renumbers)
        assert as_left(fields) == wanted
    record = gate.record()
    assert record["action"] == ("fix" if gone else "accept")
    assert len(record["edits"]) == len(gone)


WITHOUT = {
    "Message-ID": ["Message-ID"], "Date": ["Date"], "both": ["Message-ID", "Date"],
    "everything but From": ["Message-ID", "Date", "Received", "To", "Subject"]}


@pytest.mark.parametrize("leadspc", [True, False], ids=["leadspc", "no leadspc"])
@pytest.mark.parametrize("case", WITHOUT)
@pytest.mark.parametrize("mta", [POSTFIX, SENDMAIL], ids=lambda mta: mta.name)
def test_adds_what_is_missing(gate, case, mta, leadspc):
    message = Message().with_headers(*[f for f in BASE if f[0] not in WITHOUT[case]], OURS)
    outcome = gate.play(message, mta=mta, protocol=P_ALL if leadspc else P_ALL & ~P_HDR_LEADSPC)
    fields = dict(gate.check_signed(outcome, message, leadspc=leadspc))
    if "Message-ID" in WITHOUT[case]:
        spelt = b"Message-Id" if mta is SENDMAIL else b"Message-ID"  # as each would spell its own
        assert re.fullmatch(rb" <[^@<> ]{20,}@example\.com>", fields[spelt])
    assert re.fullmatch(rb" \w{3}, +\d+ \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", fields[b"Date"]) or (
        "Date" not in WITHOUT[case])
    assert b"Authentication-Results" not in fields
    for added in outcome.edits:
        assert added.kind in (ADDHEADER, CHGHEADER) or added.name == b"DKIM-Signature"
    assert gate.record()["action"] == "fix"


def test_two_messages_have_two_ids(gate):
    message = Message().with_headers(*[f for f in BASE if f[0] != "Message-ID"])
    ids = {dict(gate.check_signed(gate.play(message), message))[b"Message-ID"] for _ in range(5)}
    assert len(ids) == 5
    assert {" " + record["message_id"] for record in gate.records(5)} == {i.decode() for i in ids}


@pytest.mark.parametrize("leadspc", [True, False], ids=["leadspc", "no leadspc"])
def test_signatures_stand_on_top(gate, leadspc):
    outcome = gate.play(protocol=P_ALL if leadspc else P_ALL & ~P_HDR_LEADSPC)
    signatures = [edit for edit in outcome.edits if edit.name == b"DKIM-Signature"]
    assert len(signatures) == len(outcome.edits) == 2
    for edit in signatures:
        assert edit.kind == INSHEADER and edit.index == 0
        assert edit.value.startswith(b" ") == leadspc
        assert not edit.value.startswith(b"  ") and b"\r" not in edit.value
        for line in edit.value.split(b"\n"):
            assert 0 < len(line) < 79 and not line.isspace()
            assert all(9 <= byte < 127 for byte in line)
        tags = dict(tag.strip().split(b"=", 1) for tag in edit.value.replace(b"\n", b"").split(b";")
                    if tag.strip())
        assert b"l" not in tags and tags[b"c"] == b"relaxed/relaxed" and b"t" in tags
    gate.check_signed(outcome)
    gate.record()


def test_from_is_oversigned(gate):
    """A second From, put in afterwards, breaks every signature."""
    outcome = gate.play()
    fields, signatures = gate.left(outcome, Message())
    gate.record()
    for result, names in signatures:
        assert result.valid
        for name in ("from", "subject", "to", "date", "message-id", "reply-to", "sender", "cc"):
            count = sum(field.lower() == name.encode() for field, _ in fields)
            assert names.count(name) == count + 1, name
    for place in (0, len(fields)):
        forged = list(fields)
        forged.insert(place, (b"From", b" ceo@example.com"))
        results = gate.verify(message_bytes(forged, Message().body))
        assert results and not [result for result, _ in results if result.valid]


@pytest.mark.parametrize("headers", [
    [("From", " alice@example.com"), ("Subject", "  two blanks  ")],
    [("From", "\talice@example.com"), ("Subject", "\ttab\t")],
    [("From", "alice@example.com"), ("Subject", "no blank")],
    [("From", "\n alice@example.com"), ("Subject", "\n folded\n\tagain")],
    [("from", " Alice\n\t<alice@example.com>"), ("SUBJECT", "   ")],
    [("From", " alice@example.com"), ("To", " " + ",\n ".join(["bob@example.net"] * 100))],
], ids=repr)
@pytest.mark.parametrize("leadspc", [True, False], ids=["leadspc", "no leadspc"])
def test_white_space_of_every_kind(gate, headers, leadspc):
    message = Message().with_headers(*headers, *[f for f in BASE if f[0] not in ("From", "Subject",
                                                                                 "To")])
    outcome = gate.play(message, protocol=P_ALL if leadspc else P_ALL & ~P_HDR_LEADSPC)
    if not leadspc:  # the MTA puts one blank where there was one, and none where there was none
        gate.check_safe(outcome, message, leadspc=False)
    else:
        gate.check_signed(outcome, message)
    gate.record()


@pytest.mark.parametrize("own", [
    " v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa; h=from; bh=AAAA; b=AAAA",
    " v=1; a=ed25519-sha256; d=EXAMPLE.com; s=ed25519; h=from:to; l=0; bh=AAAA; b=AAAA"])
def test_a_forged_signature_of_ours_is_stripped(gate, own):
    message = Message().with_headers(("DKIM-Signature", own), *BASE, ("DKIM-Signature", own),
                                     ("DKIM-Signature", " v=1; a=rsa-sha256; d=example.net; s=x; "
                                                        "h=from; bh=AAAA; b=AAAA"))
    fields = gate.check_signed(gate.play(message), message)
    assert len([f for f in fields if f[0] == b"DKIM-Signature"]) == 3
    gate.record()


SIMPLE = CONFIG.replace("dkim: {{", 'dkim: {{ canonicalization = "simple/simple";')


def test_simple_canonicalization(start_daemon):
    """Every byte counts: blanks, folds, case, and what we add ourselves."""
    gate = start_daemon(config=SIMPLE)
    messages = [
        Message(),
        Message().with_headers(*[f for f in BASE if f[0] not in ("Date", "Message-ID")], OURS, FOREIGN),
        Message().with_headers(("fROM", "\talice@example.com  "), ("Subject", "  two  blanks\n\tand  more "),
                               ("To", "bob@example.net"), ("CC", "\n carol@example.net")),
        Message(body=b""), Message(body=b"\r\n\r\n"), Message(body=b"a  b \r\n\r\n\r\n", chunk=1),
    ]
    for message in messages:
        outcome = gate.play(message)
        gate.check_signed(outcome, message)
        for edit in outcome.edits:
            assert edit.name != b"DKIM-Signature" or b"c=simple/simple" in edit.value
    gate.records(len(messages))


@pytest.mark.parametrize("mta", [POSTFIX, SENDMAIL], ids=lambda mta: mta.name)
def test_simple_canonicalization_where_blanks_are_not_shown(start_daemon, mta):
    """Without SMFIP_HDR_LEADSPC one blank is taken off, and put on again on what we add."""
    gate = start_daemon(config=SIMPLE)
    outcome = gate.play(mta=mta, protocol=P_ALL & ~P_HDR_LEADSPC)
    gate.check_signed(outcome, leadspc=False)
    gate.record()
