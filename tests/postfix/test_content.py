"""Body lines that Postfix would break on their way out."""

import pytest

from harness.guarded_site import GuardedSite, plain_services
from harness.message import Message
from harness.postfix import Postfix
from harness.submission import Submission, submit

HEAD = b"From: alice@example.com\r\nSubject: x\r\n\r\n"
LONGEST = 998  # smtp_line_length_limit


def line_of(length):
    return HEAD + b"short\r\n" + b"x" * length + b"\r\n"


class Unbroken(Postfix):
    def __init__(self, *arguments):
        super().__init__(*arguments, more={"smtp_line_length_limit": "0"})


@pytest.fixture(scope="module")
def unbroken():
    with GuardedSite(plain_services(), mta=Unbroken) as site:
        yield site


def judged(record):
    return next(each for each in record["verdicts"] if each["rule"] == "body_syntax")


@pytest.mark.parametrize("length, holds", [(LONGEST, True), (LONGEST + 1, False), (5000, False)])
def test_a_long_line_passes_and_is_recorded(site, length, holds):
    """What is signed is what came: it is the delivering client that breaks the line."""
    outcome = submit(site, Submission(message=line_of(length)))
    assert outcome.accepted, outcome.reply
    arrived = site.sink.wait(outcome.queue_id).data
    assert (Message.parse(arrived).body == Message.parse(line_of(length)).body) == holds
    assert [each.valid for each in site.signatures(arrived)] == [holds, holds]
    record = site.submilter.records.wait_message(outcome.queue_id)
    assert record["longest_line"] == length
    assert (judged(record)["outcome"], judged(record)["reason"]) == ("pass", None if holds else "long-line")


@pytest.mark.parametrize("length", [LONGEST + 1, 5000])
def test_a_long_line_where_none_is_broken(unbroken, length):
    outcome = submit(unbroken, Submission(message=line_of(length)))
    arrived = unbroken.sink.wait(outcome.queue_id).data
    assert Message.parse(arrived).body == Message.parse(line_of(length)).body
    assert [each.valid for each in unbroken.signatures(arrived)] == [True, True]


def test_a_long_line_is_refused_where_that_is_wanted(second):
    site, daemon = second
    daemon.write_config(policies={"submission": {"body_syntax": {"max_line": LONGEST}}})
    daemon.reload()
    assert submit(site, Submission("second", message=line_of(LONGEST))).accepted
    outcome = submit(site, Submission("second", message=line_of(LONGEST + 1)))
    assert outcome.reply.code == 554
    assert outcome.reply.text.startswith("5.6.0 The message's text has a line of 999 bytes, the most is 998: ")
    assert "[body_syntax.long-line " in outcome.reply.text
