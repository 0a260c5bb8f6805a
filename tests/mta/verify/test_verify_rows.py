"""submilterctl verify: green where all is well, and for every row a listener on which it is red."""

import pytest

from harness.submission import Submission, submit
from harness.waiting import wait_until
from verify_site import ALL, CLEAR, differs, is_clean, only


def test_a_sink_shows_that_all_is_well(site):
    outcome = site.verify()
    assert is_clean(outcome, ALL) and outcome.named("skip") == []
    assert (outcome.object["passed"], outcome.object["failed"], outcome.object["skipped"]) == (len(ALL), 0, 0)
    assert all(row["why"] and row["do"] is None for row in outcome.rows)
    for check in ("clear-mail", "no-login", "spoofed-sender", "spoofed-from", "two-from", "hidden-break"):
        assert outcome.row(check)["seen"].startswith("submilter refused"), outcome


def test_implicit_tls(site):
    outcome = site.verify("smtps")
    assert is_clean(outcome, [check for check in ALL if check not in CLEAR])
    assert outcome.named("skip") == CLEAR


@only("postfix", "Sendmail answers 421 only after 25 unknown commands")
def test_a_server_that_hangs_up_after_an_error(site):
    assert is_clean(site.verify("impatient"), ALL)


@pytest.mark.parametrize("to, place", [
    ("mbox@box.example.net", "mbox"),
    pytest.param("folder@box.example.net", "folder",
                 marks=only("postfix", "Sendmail writes no Maildirs by itself")),
])
def test_a_mailbox_shows_that_all_is_well(site, to, place):
    assert is_clean(site.verify("submission", "--mailbox", str(site.mail / place), to=to, sink=False), ALL)


def test_what_was_refused_reached_nobody(site):
    """One message came out, whatever was tried."""
    before = len(site.sink.deliveries)
    outcome = site.verify(to="bob@example.net", sink=False)
    assert outcome.status == 0 and outcome.named("skip") == ["arrived"], outcome
    site.sink.wait_token(outcome.token.encode())
    delivery = site.sink.deliveries[before]
    assert b"-allowed\r\n" in delivery.data and b"spoofed" not in delivery.data
    assert submit(site, Submission(message=b"From: alice@example.com\r\n\r\nlast\r\n")).accepted
    site.sink.wait_token(b"\r\nlast\r\n")
    assert len(site.sink.deliveries) == before + 2


CONTENT = ["spoofed-from", "two-from", "hidden-break"]
# Listeners that are set wrong, and the rows that are red then.
WRONG = {
    "cleartext-login": ["clear-login"],
    "no-tls": ["clear-login", "tls"],
    "no-login": ["login"],
    # What has no Message-ID and no Date gets them from Sendmail, not from Postfix.
    "unguarded": ["clear-mail", "old-tls", "no-login", "spoofed-sender", *CONTENT,
                  *differs(postfix=["message-id", "date"], sendmail=[]), "trust-gone", "dkim", "dkim"],
    # Without its filter Sendmail answers AUTH by 454, and breaks off where TLS comes first.
    "silent-milter": differs(postfix=["clear-mail", "tls"], sendmail=["clear-login", "clear-mail", "tls"]),
    "silent-smtps": differs(postfix=["old-tls", "no-login", "login"], sendmail=["tls"]),
    "observing": ["clear-mail", "old-tls", "no-login", "spoofed-sender", *CONTENT, "trust-gone"],
    "old-tls": ["old-tls"],
    # What Sendmail adds it adds after signing, and the signature said that there was none.
    "plain": differs(postfix=["message-id", "date"], sendmail=["dkim", "dkim"]),
}
OTHER = differs(postfix="Sendmail:", sendmail="Postfix:")


@pytest.mark.parametrize("service", WRONG)
def test_a_listener_that_is_set_wrong(site, service):
    outcome = site.verify(service)
    assert outcome.named("fail") == WRONG[service] and outcome.status == 1, outcome
    remedies = [row["do"] for row in outcome.rows if row["result"] == "fail"]
    assert all(remedies) and not any(OTHER in text for text in remedies), outcome


def test_nothing_is_left_in_the_queue(site):
    """Also what ought to have been refused is taken in, else the MTA holds the next run's mail back."""
    site.verify("unguarded")
    wait_until(lambda: not site.mta.under_way(), "the queue to come to rest")
    assert site.mta.waiting() == []
    assert is_clean(site.verify(), ALL)


def test_what_is_not_refused_bothers_no_third_party(site):
    """Without a sink or a mailbox of ours, what should be refused goes back to who sent it."""
    before = len(site.sink.deliveries)
    outcome = site.verify("unguarded", to="bob@example.net", sink=False)
    assert outcome.row("two-from")["result"] == "fail", outcome
    for kind in (b"-spoofed-from", b"-two-from", b"-hidden-break", b"-allowed"):
        site.sink.wait_token(outcome.token.encode() + kind)
    for delivery in site.sink.deliveries[before:]:
        own = b"-allowed" in delivery.data
        assert delivery.recipients == ["<bob@example.net>" if own else "<alice@example.com>"], delivery


def test_what_observe_would_have_refused_is_said(site):
    seen = site.verify("observing").row("spoofed-from")["seen"]
    assert 'from: not enforced (mode = "observe" in policy "observing")' in seen


def test_a_milter_that_does_not_answer_is_no_guard(site):
    row = site.verify("silent-milter").row("tls")
    assert "offered, and refused: 454" in row["seen"] and "doctor" in row["do"]
    row = site.verify("silent-milter").row("clear-mail")
    assert "for now only, and not by submilter: 451" in row["seen"] and "doctor" in row["do"]
    if row := differs(postfix=None, sendmail=site.verify("silent-milter").row("clear-login")):
        assert "for now only: 454" in row["seen"] and "doctor" in row["do"]
    row = site.verify("silent-smtps").row(differs(postfix="no-login", sendmail="tls"))
    assert "doctor" in row["do"]


def test_no_password_goes_where_tls_does_not_hold(site):
    outcome = site.verify("no-tls")
    assert outcome.named("skip") == ["login"] and outcome.rows[-1]["check"] == "login", outcome


# A login may use any address with Sendmail's own rules.
OWN_CHECKS = ["clear-mail", "no-login", *differs(postfix=["spoofed-sender"], sendmail=[])]


def test_the_servers_own_checks_count(site):
    outcome = site.verify("own-checks")
    for check in OWN_CHECKS:
        row = outcome.row(check)
        assert row["result"] == "pass" and row["seen"].startswith("the server itself refused"), outcome
    assert outcome.row("spoofed-from")["result"] == "fail" and outcome.status == 1


def test_logins_that_do_not_show_the_password(site):
    """Sendmail with p offers CRAM-MD5 and SCRAM without TLS. PLAIN is the one that shows it."""
    row = site.verify("submission").row("clear-login")
    assert differs(postfix="not offered, and refused: 503 ",
                   sendmail="not offered but by mechanisms that do not show the password: ") in row["seen"]
    row = site.verify("cleartext-login").row("clear-login")
    assert "PLAIN" in row["seen"]
    assert differs(postfix="smtpd_tls_auth_only", sendmail="confAUTH_OPTIONS with p") in row["do"]


def test_an_unknown_address_proves_nothing(site):
    row = site.verify("unlisted", "--spoof", "ghost@example.com").row("spoofed-sender")
    assert row["result"] == "skip" and "--spoof" in row["seen"]


def test_forged_trust_may_be_refused_instead(site):
    outcome = site.verify("trust-refusing")
    assert outcome.row("forged-trust")["result"] == "pass" and outcome.status == 0, outcome
    assert outcome.named("skip") == ["trust-gone"]


def test_quarantine_and_tempfail(site):
    outcome = site.verify("quarantining")
    assert outcome.row("spoofed-from")["result"] == "skip" and "hold" in outcome.row("spoofed-from")["seen"], outcome
    outcome = site.verify("later")
    assert outcome.row("spoofed-from")["result"] == "pass" and outcome.status == 0, outcome


@pytest.mark.parametrize("to, red", [
    ("bob@subject.example.net", ["subject", "dkim", "dkim"]),
    ("bob@second-id.example.net", ["message-id", "dkim", "dkim"]),
])
@only("postfix", "Sendmail has nothing like smtp_header_checks")
def test_what_changes_mail_after_it_was_signed(site, to, red):
    outcome = site.verify(to=to)
    assert outcome.named("fail") == red and outcome.status == 1, outcome


def test_an_address_that_is_rewritten(site):
    """smtp_generic_maps and genericstable."""
    outcome = site.verify("submission", "--login", "alice@example.com", address="sales@example.com")
    assert outcome.named("fail") == ["from", "dkim", "dkim"] and outcome.status == 1, outcome
    assert differs(postfix="smtp_generic_maps", sendmail="genericstable") in outcome.row("from")["do"]


def test_what_does_not_come_out(site):
    outcome = site.verify("submission", "--wait", "1", to="bob@example.net")
    assert outcome.named("fail") == ["arrived"] and "0 connections" in outcome.row("arrived")["seen"], outcome
    outcome = site.verify("submission", "--wait", "1", "--mailbox", str(site.mail / "none"), sink=False,
                          to="bob@example.net")
    assert outcome.named("fail") == ["arrived"] and outcome.status == 1, outcome
