"""What an admin has at hand of a mail: the reply that a client read, the queue id that the MTA logged."""

import re

from harness.submission import Submission, submit
from harness.waiting import wait_until

GOOD = b"From: alice@example.com\r\nSubject: a private subject\r\n\r\na private text\r\n"
SPOOFED = GOOD.replace(b"alice", b"ceo")


def looked_back(site, *arguments):
    """What submilterctl finds in the history, which takes up records a second later at most."""
    def ask():
        done = site.submilter.ctl(*arguments, check=False)
        return done.stdout.decode() if done.returncode == 0 else None
    return wait_until(ask, f"the decision: {arguments}")


def test_by_the_reply(site):
    outcome = submit(site, Submission(message=SPOOFED))
    reply = f"{outcome.reply.code} {outcome.reply.text}"
    text = looked_back(site, "explain", reply)
    assert "refused (from.not-owned)" in text.splitlines()[0]
    assert re.search(r"^> from +enforced +refused +not-owned: ceo@example.com$", text, re.MULTILINE)
    assert re.search(r"^login +alice@example.com, by PLAIN$", text, re.MULTILINE)


def test_by_the_queue_id(site):
    """With what became of the header, and the signatures as they left."""
    outcome = submit(site, Submission(message=GOOD))
    assert outcome.accepted
    record = site.submilter.records.wait_message(outcome.queue_id)
    text = looked_back(site, "explain", outcome.queue_id)
    assert text.startswith(f"Decision {record['id']}: accepted")
    for signature in record["signatures"]:
        assert "  d={d} s={s} a={a}\n".format(**signature) in text
    for edit in record["edits"]:
        assert f" {edit['name']} ({edit['rule']})" in text
    rows = looked_back(site, "log", "--queue-id", outcome.queue_id).splitlines()
    assert len(rows) == 2 and rows[1].endswith(record["id"])
