"""What Postfix tells a milter: the measured facts that submilter stands on.

No submilter here: a probe writes down what it is told. When one of these fails after an upgrade of
Postfix, what submilter makes of it has to be thought over.
"""

import itertools

import pytest

from harness.postfix import Service
from harness.probe import Probe
from harness.site import Site
from harness.submission import Submission, open_session, submit

WANTED = {
    "connect": "j {daemon_port} {daemon_addr} {daemon_name} {client_addr} {client_name} {client_ptr} "
    "{client_port} {client_connections} {if_addr}",
    "helo": "{tls_version} {cipher} {cipher_bits} {cert_subject} {verify}",
    "mail": "i {tls_version} {cipher} {cipher_bits} {auth_type} {auth_authen} {auth_author} {auth_ssf} "
    "{mail_addr} {mail_host} {mail_mailer}",
    "rcpt": "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
    "data": "i",
    "eom": "i {tls_version} {cipher_bits} {daemon_name}",
}
MESSAGE = b"From: alice@example.com\r\nSubject: x\r\n\r\nbody\r\n"
XCLIENT = "ADDR=192.0.2.7 NAME=client.example.net"


@pytest.fixture(scope="module")
def probe():
    running = Probe(WANTED)
    yield running
    running.stop()


REFUSING = {
    "smtpd_recipient_restrictions":
        "check_recipient_access inline:{{gone@example.net=550 5.1.1 gone away}, "
        "{later@example.net=451 4.2.0 later}, {plain@example.net=REJECT}}, permit_mynetworks",
}


@pytest.fixture(scope="module")
def probed(probe):
    services = [
        Service("probed", {"smtpd_authorized_xclient_hosts": "127.0.0.1"}),
        Service("repairing", {"local_header_rewrite_clients": "permit_inet_interfaces"}),
        Service("smtps", {"smtpd_tls_wrappermode": "yes"}),
        Service("refusing", REFUSING),
        Service("soft", {**REFUSING, "soft_bounce": "yes"}),
    ]
    with Site(services, f"inet:127.0.0.1:{probe.port}") as site:
        yield site


NUMBERS = itertools.count(1)


def new_name():
    """By which the probe's connection is found again."""
    return f"client{next(NUMBERS)}.example.net"


@pytest.fixture
def tell(probe, probed):
    """Hand in a message; gives what the probe was told of it."""

    def hand_in(message=MESSAGE, service="probed", **how):
        name = new_name()
        outcome = submit(probed, Submission(service, message=message, helo=name, **how))
        assert outcome.accepted, outcome.reply
        return probe.wait("helo", name.encode())

    return hand_in


def test_macros_of_connect(tell):
    macros = tell(xclient=XCLIENT).named("connect")[-1].macros
    assert macros["client_addr"] == b"192.0.2.7"
    assert macros["client_name"] == macros["client_ptr"] == b"client.example.net"
    others = {"j", "daemon_port", "daemon_addr", "daemon_name", "client_port", "client_connections"}
    assert others <= set(macros)
    assert "if_addr" not in macros


def test_daemon_port_is_the_listener(probed, tell):
    for service in ("probed", "smtps"):
        macros = tell(service=service).named("connect")[-1].macros
        assert int(macros["daemon_port"]) == probed.postfix.port(service)


def test_helo_comes_twice_with_starttls(tell):
    first, second = tell().named("helo")
    assert "tls_version" not in first.macros
    assert second.macros["tls_version"] == b"TLSv1.3"
    assert int(second.macros["cipher_bits"]) >= 128
    assert "cert_subject" not in second.macros and "verify" not in second.macros


def test_macros_of_mail(tell):
    mail = tell(mechanism="SCRAM-SHA-256").named("mail")[0]
    assert mail.macros["auth_authen"] == b"alice@example.com"
    assert mail.macros["auth_type"] == b"SCRAM-SHA-256"
    assert mail.macros["tls_version"] == b"TLSv1.3"
    assert mail.macros["mail_addr"] == b"alice@example.com"
    assert "auth_ssf" not in mail.macros


def test_author_is_what_the_client_says(tell):
    mail = tell(parameters="AUTH=ceo@example.com").named("mail")[0]
    assert mail.macros["auth_author"] == b"ceo@example.com"
    assert mail.macros["auth_authen"] == b"alice@example.com"


def test_no_login_no_macros(tell):
    mail = tell(login="", tls="no").named("mail")[0]
    assert not {"auth_authen", "auth_type", "tls_version", "cipher"} & set(mail.macros)


def test_queue_id_comes_late(tell):
    told = tell()
    assert "i" not in told.named("mail")[0].macros
    assert "i" not in told.named("rcpt")[0].macros
    assert told.named("data")[0].macros["i"]
    assert told.named("eom")[0].macros["i"] == told.named("data")[0].macros["i"]


def test_refused_recipients_are_shown(probed, tell, probe):
    """Where a milter asked for them, with a code in the place of the host, and Postfix's reply is its own."""
    name = new_name()
    with open_session(probed, Submission("refusing", helo=name)) as client:
        assert client.mail().positive
        replies = [client.rcpt(f"<{user}@example.net>") for user in ("gone", "bob", "later", "plain")]
        assert [reply.code for reply in replies] == [550, 250, 451, 554]
        assert client.data(MESSAGE).positive
    told = probe.wait("helo", name.encode()).named("rcpt")
    assert [event.texts[0] for event in told] == [
        b"<gone@example.net>", b"<bob@example.net>", b"<later@example.net>", b"<plain@example.net>"]
    macros = [(event.macros["rcpt_mailer"], event.macros["rcpt_host"]) for event in told]
    assert macros[0] == (b"error", b"5.1.1")
    assert macros[1][0] == b"smtp"
    assert macros[2] == (b"error", b"4.2.0")
    assert macros[3] == (b"error", b"5.7.1")


def test_refused_recipients_with_soft_bounce(probed, probe):
    """450 in place of 550: a milter is shown that they may come again."""
    name = new_name()
    with open_session(probed, Submission("soft", helo=name)) as client:
        assert client.mail().positive
        assert [client.rcpt(f"<{user}@example.net>").code for user in ("gone", "bob")] == [450, 250]
        assert client.data(MESSAGE).positive
    unknown = probe.wait("helo", name.encode()).named("rcpt")[0]
    assert (unknown.macros["rcpt_mailer"], unknown.macros["rcpt_host"]) == (b"error", b"4.1.1")


def test_tls_macros_are_not_there_at_the_end(tell):
    assert "tls_version" not in tell().named("eom")[0].macros


def test_mail_parameters_are_shown(tell):
    assert tell(parameters="BODY=8BITMIME SMTPUTF8").named("mail")[0].texts == [
        b"<alice@example.com>", b"BODY=8BITMIME", b"SMTPUTF8",
    ]


def test_leading_blanks_and_folds(tell):
    told = tell(b"From:alice@example.com\r\nA: one\r\nB:  two\r\nC:\tthree\r\nD: four\r\n  five\r\n\r\n")
    assert told.fields() == [
        (b"From", b"alice@example.com"),
        (b"A", b" one"),
        (b"B", b"  two"),
        (b"C", b"\tthree"),
        (b"D", b" four\n  five"),
    ]


# What the client sent; the fields and the body that a milter then sees.
CUTS = {
    "a space in the name": (
        b"From: a@example.com\r\nX Space: v\r\nTo: b\r\n\r\nx\r\n",
        [(b"From", b" a@example.com")],
        b"X Space: v\r\nTo: b\r\n\r\nx\r\n",
    ),
    "an 8-bit name": (
        b"\xefFrom: a@example.com\r\nTo: b\r\n\r\nx\r\n",
        [],
        b"\xefFrom: a@example.com\r\nTo: b\r\n\r\nx\r\n",
    ),
    "a line of text": (
        b"From: a@example.com\r\nhello\r\nTo: b\r\n\r\nx\r\n",
        [(b"From", b" a@example.com")],
        b"hello\r\nTo: b\r\n\r\nx\r\n",
    ),
    "a leading empty line": (
        b"\r\nFrom: a@example.com\r\n\r\nx\r\n",
        [],
        b"From: a@example.com\r\n\r\nx\r\n",
    ),
    "lines that begin like a mailbox file": (
        b"From : a@example.com\r\nFrom x\r\nTo: b\r\n\r\nx\r\n",
        [(b"X-Mailbox-Line", b" From : a@example.com"), (b"X-Mailbox-Line", b" From x"), (b"To", b" b")],
        b"x\r\n",
    ),
    "a NUL in a value": (
        b"From: a@example.com\0 <b@example.com>\r\n\r\nx\r\n",
        [(b"From", b" a@example.com")],
        b"x\r\n",
    ),
    "a bare LF": (
        b"From: a@example.com\r\nA: b\nFrom: c@example.com\n\nx\r\n",
        [(b"From", b" a@example.com"), (b"A", b" b"), (b"From", b" c@example.com")],
        b"x\r\n",
    ),
    "a bare CR": (
        b"From: a@example.com\r\nA: b\rFrom: c@example.com\r\n\r\nx\r\n",
        [(b"From", b" a@example.com"), (b"A", b" b From: c@example.com")],
        b"x\r\n",
    ),
    "a continuation of From": (
        b"From: a@example.com\r\n Subject: x\r\n\r\nx\r\n",
        [(b"From", b" a@example.com\n Subject: x")],
        b"x\r\n",
    ),
    "fields that Postfix drops": (
        b"From: a@example.com\r\nBcc: b\r\nResent-Bcc: c\r\nReturn-Path: <d>\r\nContent-Length: 9\r\n"
        b"\r\nx\r\n",
        [(b"From", b" a@example.com")],
        b"x\r\n",
    ),
}


@pytest.mark.parametrize("sent, fields, body", CUTS.values(), ids=CUTS)
def test_header_as_a_milter_sees_it(tell, sent, fields, body):
    told = tell(sent)
    assert told.fields() == fields
    assert told.body() == body


def test_a_cut_header_leaves_with_an_empty_line_at_the_cut(probed):
    sent = b"From: a@example.com\r\nX Space: v\r\n\r\nx\r\n"
    outcome = submit(probed, Submission("probed", message=sent))
    data = probed.sink.wait(outcome.queue_id).data
    assert data.endswith(b"From: a@example.com\r\n\r\nX Space: v\r\n\r\nx\r\n")


def test_a_bare_cr_in_the_body_becomes_a_blank(tell):
    assert tell(MESSAGE + b"a\rb\0c\xff\r\n").body() == b"body\r\na b\0c\xff\r\n"


def test_a_field_is_cut_at_60000_bytes(tell, probed):
    """Where milters are asked, that is Postfix's limit; what is cut off does not leave either."""
    told = tell(b"From: a@example.com\r\nX-Big:" + b"x" * 120_000 + b"\r\nTo: b\r\n\r\nx\r\n")
    assert told.fields()[1:] == [(b"X-Big", b"x" * (60_000 - len("X-Big:"))), (b"To", b" b")]
    data = probed.sink.wait(told.named("eom")[0].macros["i"].decode()).data
    unbroken = data.replace(b"\r\n ", b"")  # the delivering client breaks lines of over 998 bytes
    assert unbroken.endswith(b"X-Big:" + b"x" * (60_000 - len("X-Big:")) + b"\r\nTo: b\r\n\r\nx\r\n")


def names(told):
    return [name for name, _ in told.fields()]


def test_missing_fields_are_added_for_local_clients_only(tell):
    assert names(tell(b"Subject: x\r\n\r\nbody\r\n")) == [b"Subject"]
    told = tell(b"Subject: x\r\n\r\nbody\r\n", service="repairing")
    assert names(told) == [b"Subject", b"Message-Id", b"Date", b"From"]
    queue_id = told.named("eom")[0].macros["i"]
    assert dict(told.fields())[b"Message-Id"] == b" <%s@mail.example.com>" % queue_id


def test_sendmail_command(probe, probed):
    message = b"Subject: x\n\nno end of line"
    code, said = probed.postfix.sendmail(message, "-f", "me@example.com", "bob@example.net")
    assert code == 0, said
    told = probe.wait("mail", b"me@example.com")
    assert told.named("connect")[0].texts[0].startswith(b"localhost")
    assert told.named("mail")[0].texts == [b"me@example.com"]
    assert told.named("rcpt")[0].texts == [b"bob@example.net"]
    assert not {"auth_authen", "tls_version"} & set(told.named("mail")[0].macros)
    assert names(told) == [b"Subject", b"Message-Id", b"Date", b"From"]
    assert told.body() == b"no end of line\r\n"


def test_a_session_of_two_messages_is_one_connection(probe, probed):
    name = new_name()
    with open_session(probed, Submission("probed", helo=name)) as client:
        for _ in range(2):
            client.mail()
            client.rcpt()
            assert client.data(MESSAGE).positive
        client.quit()
    told = probe.wait("helo", name.encode())
    assert len(told.named("eom")) == 2
    first, second = (event.macros["i"] for event in told.named("data"))
    assert first != second


def test_rset_comes_as_abort(probe, probed):
    name = new_name()
    with open_session(probed, Submission("probed", helo=name)) as client:
        client.mail()
        client.rcpt()
        client.rset()
        client.quit()
    told = probe.wait("helo", name.encode())
    assert told[-2].name == "abort" and not told.named("data")
