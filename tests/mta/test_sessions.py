"""What a single message can't show: several of them in a session, broken off, side by side, large."""

import threading

import pytest

from harness.message import Message, changes
from harness.smtp import to_wire
from harness.submission import Submission, open_session, submit, transaction
from harness.waiting import wait_until

GOOD = (
    b"From: alice@example.com\r\nTo: bob@example.net\r\nSubject: x\r\n"
    b"Date: Tue, 22 Sep 2026 09:00:00 +0000\r\nMessage-ID: <a@example.com>\r\n\r\nbody\r\n"
)
SPOOFED = GOOD.replace(b"From: alice", b"From: ceo")


@pytest.fixture
def session(site):
    with open_session(site, Submission()) as client:
        yield client


def arrives_signed(site, queue_id, sent=GOOD):
    arrived = site.sink.wait(queue_id)
    added, lost, intact = changes(sent, arrived.data, site.mta.form)
    assert len(added) == 2 and not lost and intact
    assert [result.valid for result in site.signatures(arrived.data)] == [True, True]
    return arrived


def is_refused(reply, rule="from.not-owned"):
    return reply.code == 550 and f"[{rule} " in reply.text


def test_thirty_messages_on_one_connection(site, session):
    queue_ids = [transaction(session, Submission(message=GOOD)).queue_id for _ in range(30)]
    assert len(set(queue_ids)) == 30
    for queue_id in queue_ids:
        arrives_signed(site, queue_id)
    decisions = {site.submilter.records.wait_message(queue_id)["id"] for queue_id in queue_ids}
    assert len(decisions) == 30


def test_good_and_refused_messages_by_turns(site, session):
    for _ in range(5):
        assert is_refused(transaction(session, Submission(message=SPOOFED)).reply)
        arrives_signed(site, transaction(session, Submission(message=GOOD)).queue_id)


@pytest.mark.parametrize("commands", (["MAIL"], ["MAIL", "RCPT"]), ids=" ".join)
def test_rset_in_mid_message(site, session, commands):
    for command in commands:
        assert (session.mail() if command == "MAIL" else session.rcpt()).positive
    assert session.rset().positive
    arrives_signed(site, transaction(session, Submission(message=GOOD)).queue_id)


def test_a_second_mail_in_mid_message(site, session):
    session.mail("<sales@example.com>")
    assert session.mail().code == 503
    session.rcpt()
    queue_id = session.data(GOOD).queue_id
    arrives_signed(site, queue_id)
    assert site.submilter.records.wait_message(queue_id)["mail_from"] == "<sales@example.com>"


def test_mail_again_after_a_refused_mail(site, session):
    assert session.mail("<ceo@example.com>").code == 553
    arrives_signed(site, transaction(session, Submission(message=GOOD)).queue_id)


def test_ehlo_again_in_mid_message_drops_it(site, session):
    session.mail()
    session.rcpt()
    session.ehlo("other.example.net")
    assert session.command("DATA").code == 503
    queue_id = transaction(session, Submission(message=GOOD)).queue_id
    arrives_signed(site, queue_id)
    assert site.submilter.records.wait_message(queue_id)["helo"] == "other.example.net"


def test_tls_and_login_after_a_refusal(site):
    """The same session becomes acceptable once it does what it was told."""
    with open_session(site, Submission(login="", tls="no")) as client:
        assert client.mail().code == 530
        client.starttls()
        client.ehlo()
        assert "[auth.none " in client.mail().text
        assert client.auth("alice@example.com", "wrong").code == 535
        assert "[auth.none " in client.mail().text
        assert client.auth("alice@example.com", "secret").code == 235
        arrives_signed(site, transaction(client, Submission(message=GOOD)).queue_id)


def test_one_recipient_refused_and_the_others_served(site, session):
    rcpts = ("<one@example.net>", "<two@forbidden.example>", "<three@example.net>")
    outcome = transaction(session, Submission(message=GOOD, rcpts=rcpts))
    (refused,) = outcome.refused_rcpts
    assert is_refused(refused, "recipients.forbidden-domain")
    arrived = arrives_signed(site, outcome.queue_id)
    assert sorted(arrived.recipients) == ["<one@example.net>", "<three@example.net>"]
    assert site.submilter.records.wait_message(outcome.queue_id)["rcpt_count"] == 2
    record = site.submilter.records.wait_refusal(refused)
    assert record["command"] == "RCPT" and record["action"] == "reject"


def test_two_hundred_recipients(site, session):
    rcpts = tuple(f"<user{number}@example.net>" for number in range(200))
    outcome = transaction(session, Submission(message=GOOD, rcpts=rcpts))
    arrives_signed(site, outcome.queue_id)

    def all_there():
        return sum(len(each.rcpts) for each in site.sink.find(outcome.queue_id)) == 200

    wait_until(all_there, "all recipients, in as many envelopes as the MTA likes")
    assert site.submilter.records.wait_message(outcome.queue_id)["rcpt_count"] == 200


@pytest.mark.parametrize("size", (65_535, 65_536, 1_000_000))
def test_large_bodies(site, session, size):
    line = b"0123456789 " * 7 + b"\r\n"
    body = (line * (size // len(line) + 1))[:size]
    message = GOOD.replace(b"body\r\n", b"") + body.rstrip(b"\r\n") + b"\r\n"
    outcome = transaction(session, Submission(message=message))
    arrives_signed(site, outcome.queue_id, message)
    assert site.submilter.records.wait_message(outcome.queue_id)["size"] > len(body)


def test_all_at_once(site, session):
    """Pipelined: the filter sees the same as ever."""
    session.send(b"MAIL FROM:<alice@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n")
    assert [session.read().code for _ in range(3)] == [250, 250, 354]
    arrives_signed(site, session.content(to_wire(GOOD)).queue_id)


def test_refusals_all_at_once(site, session):
    session.send(b"MAIL FROM:<ceo@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n")
    assert [session.read().code for _ in range(3)] == [553, 503, 503]
    arrives_signed(site, transaction(session, Submission(message=GOOD)).queue_id)


def test_bdat(site, session):
    """CHUNKING is no way around."""
    if "CHUNKING" not in session.ehlo().lines:
        assert session.command("BDAT 1 LAST").code == 500
        return
    for message, accepted in ((GOOD, True), (SPOOFED, False)):
        session.mail()
        session.rcpt()
        half = len(message) // 2
        session.send(b"BDAT %d\r\n" % half + message[:half])
        assert session.read().positive
        session.send(b"BDAT %d LAST\r\n" % (len(message) - half) + message[half:])
        reply = session.read()
        if accepted:
            arrives_signed(site, reply.queue_id)
        else:
            assert is_refused(reply)


def test_a_smuggled_message_is_judged_like_any_other(site, session):
    """This Postfix takes LF dot CRLF for the end; what follows are commands of the same login. Sendmail hangs up."""
    session.mail()
    session.rcpt()
    assert session.command("DATA").code == 354
    smuggled = b"MAIL FROM:<alice@example.com>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\n" + to_wire(SPOOFED)
    session.send(GOOD + b"end\n.\r\n" + smuggled)
    first = session.read()
    if first.code == 421:
        assert not site.sink.holding(b"victim")
        return
    arrived = site.sink.wait(first.queue_id)
    assert b"victim" not in arrived.data
    assert [session.read().code for _ in range(3)] == [250, 250, 354]
    assert is_refused(session.read())


def test_hanging_up_in_mid_message(site):
    with open_session(site, Submission()) as client:
        client.mail()
        client.rcpt()
        client.command("DATA")
        client.send(GOOD.replace(b"body", b"half a message that must not arrive"))
    arrives_signed(site, submit(site, Submission(message=GOOD)).queue_id)
    assert not site.sink.holding(b"half a message")


def test_sessions_of_two_logins_interleaved(site, session):
    with open_session(site, Submission(login="ceo@example.com")) as other:
        assert session.mail("<alice@example.com>").positive
        assert other.mail("<ceo@example.com>").positive
        assert session.rcpt().positive and other.rcpt().positive
        assert is_refused(session.data(SPOOFED))
        arrives_signed(site, other.data(SPOOFED).queue_id, SPOOFED)


def test_many_sessions_at_once(site):
    """Ten sessions with good and bad mail by turns: every one gets its own answer."""
    failures = []

    def run(number):
        try:
            with open_session(site, Submission(helo=f"client{number}.example.net")) as client:
                for turn in range(10):
                    message = GOOD if (turn + number) % 2 else SPOOFED
                    outcome = transaction(client, Submission(message=message))
                    if message is SPOOFED:
                        assert is_refused(outcome.reply), outcome
                    else:
                        record = site.submilter.records.wait_message(outcome.queue_id)
                        assert record["helo"] == f"client{number}.example.net"
        except Exception as problem:  # the main thread fails with it
            failures.append(problem)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def inbound(site, message, **how):
    return submit(site, Submission("mx", login="", tls="no", xclient="ADDR=192.0.2.7",
                                   mail_from="<list-bounces@example.net>", message=message, **how))


@pytest.fixture
def signed(site):
    """A message of ours as it left: signed, without the MTA's trace field."""
    data = site.sink.wait(submit(site, Submission(message=GOOD)).queue_id).data
    message = Message.parse(data)
    message.fields.remove(message.named("Received")[0])
    return bytes(message)


def test_our_own_signed_message_comes_back(site, signed):
    outcome = inbound(site, b"Received: from lists.example.net\r\n" + signed)
    assert outcome.accepted, outcome.reply
    assert [result.valid for result in site.signatures(site.sink.wait(outcome.queue_id).data)] == [True, True]


@pytest.mark.parametrize("change", (
    (b"\r\n\r\nbody", b"\r\n\r\nPay to another account"),
    (b"Subject: x", b"Subject: urgent"),
    (b"From: alice@example.com", b"From: ceo@example.com"),
    (b"Subject: x", b"From: ceo@example.com\r\nSubject: x"),
), ids=("body", "subject", "from", "second from"))
def test_our_own_signed_message_comes_back_changed(site, signed, change):
    assert change[0] in signed
    assert is_refused(inbound(site, signed.replace(*change)).reply, "local_spoof.from")
