"""Handing in a field, and what arrives of it, with good signatures."""

from harness.message import Message
from harness.submission import Submission, transaction


def signed_names(message):
    """What the signatures cover, lower case."""
    tags = [b"".join(field.split()).partition(b";h=")[2] for field in message.named("DKIM-Signature")]
    return [tag.partition(b";")[0].decode().lower().split(":") for tag in tags]


def arrive(site, client, field, start=b"From: alice@example.com\r\n"):
    """The outcome, and what arrived: with good signatures, or not at all."""
    message = start + field + b"\r\nSubject: x\r\n\r\nbody\r\n"
    outcome = transaction(client, Submission(message=message))
    if not outcome.accepted:
        return outcome, None
    arrived = site.sink.wait(outcome.queue_id).data
    results = site.signatures(arrived)
    assert [each.valid for each in results] == [True, True], (field, Message.parse(arrived).fields)
    return outcome, Message.parse(arrived)
