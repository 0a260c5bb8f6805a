"""Every signature holds on the bytes that left the MTA, for two verifiers that others wrote, whatever program wrote
the message: a short form of `make signatures`. SIGNATURES_MESSAGES says how many are sent, SIGNATURES_SEED which.

What fails is named by its number: honest_mail.mail(SEED, NUMBER, ...) makes it again.
"""

import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import keys, verify
from harness.guarded_site import GuardedSite, plain_services
from harness.honest_mail import A_SESSION, mail
from harness.message import Message
from harness.submission import Outcome, Submission, open_session, transaction
from harness.waiting import PATIENCE, wait_until
from suite_site import MTA

MESSAGES = int(os.environ.get("SIGNATURES_MESSAGES", "200"))
SEED = os.environ.get("SIGNATURES_SEED", "2026")
WAYS = ("relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple")
CLIENTS = 4
A_ROUND = 250  # messages that are handed in before their signatures are looked at
BOTH = ["ed25519-sha256", "rsa-sha256"]


@pytest.fixture(scope="module")
def signing():
    with GuardedSite(plain_services(MTA), mta=MTA) as site:
        yield site


def by_chunks(client, one):
    """BDAT: no dots are stuffed, and the last line needs no end."""
    how, at = one.how, 0
    for reply in (client.mail(how.mail_from, how.parameters), *map(client.rcpt, how.rcpts)):
        if not reply.positive:
            return Outcome("RCPT", reply)
    for end in (*one.chunks, len(how.message)):
        last = b" LAST" if end == len(how.message) else b""
        client.send(b"BDAT %d%s\r\n" % (end - at, last) + how.message[at:end])
        reply, at = client.read(), end
        if not reply.positive:
            return Outcome("END", reply)
    return Outcome("", reply)


def hand_in_session(site, mails):
    """[(message, its outcome)]"""
    with open_session(site, mails[0].how) as client:
        done = [(one, transaction(client, one.how) if one.chunks is None else by_chunks(client, one)) for one in mails]
        client.quit()
    return done


def hand_in(site, mails):
    """By several connections at once: ({queue id: message}, a line for each that was refused)"""
    sessions = [mails[at : at + A_SESSION] for at in range(0, len(mails), A_SESSION)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = [pair for pairs in pool.map(lambda session: hand_in_session(site, session), sessions) for pair in pairs]
    refused = [f"{one.number}, {one.program}: refused at {outcome.stage}: {outcome.reply}" for one, outcome in done
               if not outcome.accepted or outcome.refused_rcpts]
    return {outcome.queue_id: one for one, outcome in done if outcome.accepted}, refused


def arrived(site, handed_in):
    """[(message, what arrived of it)], once all recipients have it, in as many envelopes as the MTA likes."""
    missing = {queue_id: len(one.how.rcpts) for queue_id, one in handed_in.items()}
    found = []

    def all_there():
        for delivery in site.sink.take():
            assert delivery.queue_id in handed_in, f"a message that nobody handed in: {delivery}"
            found.append((handed_in[delivery.queue_id], delivery.data))
            missing[delivery.queue_id] -= len(delivery.rcpts)
        return not any(missing.values())

    wait_until(all_there, "all messages at the sink", 4 * PATIENCE,
               lambda: f"missing: {[handed_in[queue_id].number for queue_id, left in missing.items() if left][:20]}")
    return found


def judged(site, way, messages):
    """What each verifier says of every message's signatures: {verifier: [[Result]]}"""
    records = keys.public_records(site.submilter.keys)
    verifiers = [verify.by_libopendkim_each] + [verify.by_opendkim_each] * way.startswith("relaxed/")
    with ThreadPoolExecutor(1) as pool:
        jobs = {each.__name__: pool.submit(each, messages, records, site.folder / "opendkim") for each in verifiers}
        said = {"by_dkimpy": [verify.by_dkimpy(message, records) for message in messages]}
        return {**said, **{name: job.result() for name, job in jobs.items()}}


def what_fails(site, way, found):
    """A line for each message whose two signatures are not what they should be."""
    said = judged(site, way, [data for _, data in found])
    for index, (one, data) in enumerate(found):
        made = [(tags["a"], tags["c"]) for tags in verify.signatures(data)]
        bad = [name for name, results in said.items() if not all(result.valid for result in results[index])]
        if sorted(made) != [(algorithm, way) for algorithm in BOTH] or bad:
            yield f"{one.number}, {one.program}: {made}, false {', '.join(bad)}"


def changed(data):
    """Copies on which no signature may hold: who verifies them is awake."""
    message = Message.parse(data)
    body = Message(message.fields, b"y" + message.body)
    subject = Message([*message.fields, b"Subject: another"], message.body)
    sender = Message([field.replace(b"@", b"@x", 1) if field in message.named("From") else field for field in message.fields],
                     message.body)
    return [bytes(each) for each in (body, subject, sender)]


@pytest.mark.parametrize("way", WAYS)
def test_all_signatures_hold(signing, way, capsys):
    site = signing
    site.submilter.write_config(dkim={"canonicalization": way})
    site.submilter.reload()
    with open_session(site, Submission()) as client:
        offered = client.ehlo().lines
    share = range(WAYS.index(way) * MESSAGES // len(WAYS), (WAYS.index(way) + 1) * MESSAGES // len(WAYS))
    # Sendmail folds fields with addresses anew, which relaxed alone passes over (submilter(8)).
    settled = MTA.adds_unseen and way.startswith("simple/")
    mails = [mail(SEED, number, "SMTPUTF8" in offered, "CHUNKING" in offered, settled) for number in share]
    failed, copies = [], 0
    for at in range(0, len(mails), A_ROUND):
        handed_in, refused = hand_in(site, mails[at : at + A_ROUND])
        found = arrived(site, handed_in)
        failed += [*refused, *what_fails(site, way, found)]
        copies += len(found)
        tampered = judged(site, way, changed(found[0][1]))
        assert not any(result.valid for each in tampered.values() for results in each for result in results)
    with capsys.disabled():
        print(f"\n{MTA.name}, {way}: {len(mails)} messages, {copies} deliveries, "
              f"{len(failed)} refused or with a signature that does not hold")
    assert not failed, "\n".join(failed[:20])
