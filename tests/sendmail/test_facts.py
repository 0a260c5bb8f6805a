"""What Sendmail tells a milter, and what it does to a message after: the measured facts that submilter stands on.

No submilter here: a probe writes down what it is told. When one of these fails after an upgrade of
Sendmail, what submilter makes of it has to be thought over.
"""

import itertools
import re

import pytest

from harness.message import Message, name_of
from harness.probe import Probe
from harness.sendmail import Sendmail, Service
from harness.site import Site
from harness.submission import Submission, open_session, submit

from mime_shapes import SHAPES

WANTED = {
    "connect": "j v {daemon_port} {daemon_name} {client_addr} {client_name} {client_ptr}",
    "helo": "{tls_version} {cipher} {cipher_bits}",
    "mail": "i {tls_version} {cipher} {cipher_bits} {auth_type} {auth_authen} {auth_author} {auth_ssf}",
    "rcpt": "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
    "eom": "i",
}
MESSAGE = b"From: alice@example.com\r\nSubject: x\r\n\r\nbody\r\n"


@pytest.fixture(scope="module")
def probe():
    running = Probe(WANTED)
    yield running
    running.stop()


class Refusing(Sendmail):
    """It refuses somebody by a rule."""

    def __init__(self, *arguments):
        super().__init__(*arguments, more="""\
LOCAL_RULESETS
SLocal_check_rcpt
R$* gone @ $*\t$#error $@ 5.1.1 $: "550 gone away"
""")


@pytest.fixture(scope="module")
def probed(probe):
    with Site([Service("probed")], Sendmail.milter(f"inet:{probe.port}@127.0.0.1"), Refusing) as site:
        yield site


NUMBERS = itertools.count(1)


@pytest.fixture
def tell(probe, probed):
    """Hand in a message; gives what the probe was told of it, and what arrived."""

    def hand_in(message=MESSAGE, **how):
        name = f"client{next(NUMBERS)}.example.net"
        outcome = submit(probed, Submission("probed", message=message, helo=name, **how))
        assert outcome.accepted, outcome.reply
        return probe.wait("helo", name.encode()), probed.sink.wait(outcome.queue_id).data

    return hand_in


def test_macros_of_connect(probed, tell):
    macros = tell()[0].named("connect")[0].macros
    assert re.match(rb"8\.", macros["v"]), "by which Sendmail is told from Postfix"
    assert macros["j"] == b"mail.example.com"
    assert macros["daemon_name"] == b"probed"
    assert int(macros["daemon_port"]) == probed.mta.port("probed")
    assert macros["client_addr"] == b"127.0.0.1"


def test_macros_of_mail(tell):
    mail = tell(mechanism="SCRAM-SHA-256", parameters="AUTH=ceo@example.com")[0].named("mail")[0]
    assert mail.macros["auth_authen"] == b"alice@example.com"
    assert mail.macros["auth_type"] == b"SCRAM-SHA-256"
    assert mail.macros["tls_version"] == b"TLSv1.3"
    assert int(mail.macros["cipher_bits"]) >= 128
    assert mail.macros["i"]


def test_login_comes_as_xtext(tell):
    mail = tell(login="first+last@example.com")[0].named("mail")[0]
    assert mail.macros["auth_authen"] == b"first+2Blast@example.com"


def test_unknown_recipients_are_shown(probe, probed):
    """Where a milter asked for them, with a code in the place of the host, and Sendmail's reply is its own. Those
    that a rule refuses are not."""
    name = f"client{next(NUMBERS)}.example.net"
    with open_session(probed, Submission("probed", helo=name)) as client:
        assert client.mail().positive
        rcpts = "nobody-of-that-name@mail.example.com", "bob@example.net", "gone@example.net"
        assert [client.rcpt(f"<{rcpt}>").code for rcpt in rcpts] == [550, 250, 550]
        assert client.data(MESSAGE).positive
    told = probe.wait("helo", name.encode()).named("rcpt")
    assert [event.texts[0] for event in told] == [b"<nobody-of-that-name@mail.example.com>", b"<bob@example.net>"]
    unknown, known = [event.macros for event in told]
    assert (unknown["rcpt_mailer"], unknown["rcpt_host"]) == (b"error", b"5.1.1")
    assert known["rcpt_mailer"] == b"esmtp"


def test_no_login_no_macros(tell):
    macros = tell(login="", tls="no")[0].named("mail")[0].macros
    assert not any(macros.get(name) for name in ("auth_authen", "auth_type", "tls_version", "cipher"))


def test_what_it_adds_is_not_shown(tell):
    told, arrived = tell(b"Subject: x\r\n\r\nbody\r\n")
    assert told.fields() == [(b"Subject", b" x")]
    added = {name_of(field) for field in Message.parse(arrived).fields} - {b"received", b"subject"}
    assert added == {b"from", b"message-id", b"date"}


def test_leading_blanks_and_folds(tell):
    told, _ = tell(b"From:alice@example.com\r\nA: one\r\nB:  two\r\nC:\tthree\r\nD: four\r\n  five\r\n\r\n")
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
        b"From: a@example.com\r\nX Space: v\r\nTo: b@c\r\n\r\nx\r\n",
        [(b"From", b" a@example.com")],
        b"X Space: v\r\nTo: b@c\r\n\r\nx\r\n",
    ),
    "an 8-bit byte before the name": (
        b"From: a@example.com\r\n\xefFrom: c@example.com\r\n\r\nx\r\n",
        [(b"From", b" a@example.com")],
        b"\xefFrom: c@example.com\r\n\r\nx\r\n",
    ),
    "a field called Message": (
        b"From: a@example.com\r\nMessage: v\r\nFrom: c@example.com\r\n\r\nx\r\n",
        [(b"From", b" a@example.com")],
        b"Message: vFrom: c@example.com\r\n\r\nx\r\n",
    ),
    "a leading empty line": (
        b"\r\nFrom: a@example.com\r\n\r\nx\r\n",
        [],
        b"From: a@example.com\r\n\r\nx\r\n",
    ),
    "lines that begin like a mailbox file": (
        b"From : a@example.com\r\nTo: b@c\r\n\r\nx\r\n",
        [(b"To", b" b@c")],
        b"x\r\n",
    ),
}


@pytest.mark.parametrize("sent, fields, body", CUTS.values(), ids=CUTS)
def test_header_as_a_milter_sees_it(tell, sent, fields, body):
    told, arrived = tell(sent)
    assert told.fields() == fields
    assert told.body() == body
    assert arrived.endswith(b"\r\n\r\n" + body)


# A field as it was sent, and as it leaves.
REWRITTEN = [
    (b"From: Alice B. C <alice@example.com>", b'From: "Alice B. C" <alice@example.com>'),
    (b"From: Alice O'Hara <alice@example.com>", b'From: "Alice O\'Hara" <alice@example.com>'),
    (b"From: =?utf-8?Q?Dr._X?= <alice@example.com>", b'From: "=?utf-8?Q?Dr._X?=" <alice@example.com>'),
    (b"From: =?utf-8?Q?a,b?= <a@example.com>", b"From: =?utf-8?Q?a@mail.example.com, b?= <a@example.com>"),
    (b"To: a@example.net,b@example.net", b"To: a@example.net, b@example.net"),
    (b"To: A < a@example.net >", b"To: A <a@example.net>"),
    (b"To: root", b"To: root@mail.example.com"),
    (b"To: root@localhost", b"To: root@mail.example.com"),
    (b"To: a@example.net(x)", b"To: a@example.net (x)"),
    (b"Reply-To: A. <a@example.net>", b'Reply-To: "A." <a@example.net>'),
    (b"Mail-Followup-To: A. <a@example.net>,b", b"Mail-Followup-To: A. <a@example.net>,b"),
    (b"Return-Path: <a@example.net>", None),
    (b"Content-Length: 5", None),
]


@pytest.mark.parametrize("sent, left", REWRITTEN, ids=[sent.decode() for sent, _ in REWRITTEN])
def test_what_it_makes_of_a_field(tell, sent, left):
    fields = [sent] if sent.startswith(b"From") else [b"From: alice@example.com", sent]
    told, arrived = tell(b"\r\n".join(fields) + b"\r\n\r\nbody\r\n")
    if left:
        assert told.fields()[-1][1] == sent.split(b":", 1)[1], "to a milter it is shown as it was sent"
    named = Message.parse(arrived).named(sent.split(b":")[0].decode())
    assert named == ([left] if left else [])


# Names of so many bytes, with <a@example.net>: is there room for them?
ROOM = {
    "256 bytes": (b'"' + b"x" * 238 + b'" <a@example.net>', True),
    "257 bytes": (b'"' + b"x" * 239 + b'" <a@example.net>', False),
    "a comment of 256": (b"a@example.net (" + b"x" * 240 + b")", True),
    "a comment of 257": (b"a@example.net (" + b"x" * 241 + b")", False),
    "bytes above 0x9f": (b'"' + b"\xc3" * 238 + b'" <a@example.net>', True),
    "bytes that count twice": (b'"' + b"\x9f" * 119 + b'" <a@example.net>', True),
    "one of them more": (b'"' + b"\x9f" * 120 + b'" <a@example.net>', False),
    "encoded words": (b"=?utf-8?Q?J=C3=B6rg_M=C3=BCller_von_und_zu_Hohenstein?= " * 5 + b"<a@example.net>", False),
}


@pytest.mark.parametrize("value, stays", ROOM.values(), ids=ROOM)
def test_room_for_names(tell, value, stays):
    _, arrived = tell(b"From: alice@example.com\r\nTo: b@example.net,\r\n " + value + b"\r\n\r\nbody\r\n")
    (named,) = Message.parse(arrived).named("To")
    assert named.endswith(b" " + value) == stays, named


def test_blanks_part_addresses_where_nothing_else_does(tell):
    _, arrived = tell(b"From: alice@example.com\r\nTo: friends: bob@example.net\r\n\r\nbody\r\n")
    assert Message.parse(arrived).named("To") == [b"To: friends:, bob@example.net"]
    _, arrived = tell(b"From: alice@example.com\r\nTo: friends: bob@example.net, b@c.d\r\n\r\nbody\r\n")
    assert Message.parse(arrived).named("To") == [b"To: friends: bob@example.net, b@c.d"]


@pytest.fixture(scope="module")
def bare():
    """As m4 makes it without contrib/sendmail/submilter.m4."""
    with Site([Service("bare")], mta=Sendmail) as site:
        yield site


@pytest.fixture(scope="module")
def arrives_from_bare(bare):
    def hand_in(message, **how):
        outcome = submit(bare, Submission("bare", message=message, **how))
        assert outcome.accepted, outcome.reply
        return Message.parse(bare.sink.wait(outcome.queue_id).data)

    return hand_in


@pytest.mark.parametrize("fields, body", SHAPES.values(), ids=SHAPES)
def test_mime_parts_are_written_anew(arrives_from_bare, fields, body):
    """Unless MaxMimeHeaderLength is 0: submilter.m4 says so."""
    sent = Message.parse(b"From: alice@example.com\r\n" + fields + b"\r\n" + body)
    arrived = arrives_from_bare(b"From: alice@example.com\r\n" + fields + b"\r\n" + body)
    assert arrived.body != sent.body or not set(sent.fields) <= set(arrived.fields)


@pytest.mark.parametrize("name, fields", [("From", b""), ("Resent-From", b"From: a@example.com\r\nResent-To: b@c.example\r\n")])
def test_full_name_is_the_name_of_the_sender_that_it_adds(arrives_from_bare, name, fields):
    """Whatever a filter does to that field. confFROM_HEADER makes it, which submilter.m4 defines anew."""
    arrived = arrives_from_bare(b"Full-Name: ceo@example.com\r\n" + fields + b"\r\nx\r\n")
    assert arrived.named(name) == [f'{name}: "ceo@example.com" <alice@example.com>'.encode()]
    assert not arrived.named("Full-Name")


class Changing(Sendmail):
    """With what submilterctl doctor finds: flags of the mailer, and a To that is added."""

    def __init__(self, *arguments):
        super().__init__(*arguments, more="MODIFY_MAILER_FLAGS(`ESMTP', `+9cEL')dnl\n"
                                          "define(`confNO_RCPT_ACTION', `add-to')dnl")


@pytest.fixture(scope="module")
def changing():
    with Site([Service("changing")], mta=Changing) as site:
        yield site


TO = b"To: Bob <bob@example.net>\r\n"
# Fields and body as they are sent, and a text that shows what became of them.
CHANGES = {
    "9, quoted-printable": (
        TO + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Gr=C3=BC=C3=9Fe\r\n",
        "\r\n\r\nGrüße\r\n".encode()),
    "c, names": (TO, b"x\r\n", b"\r\nTo: bob@example.net\r\n"),
    "E, From in the body": (TO, b"From here on\r\n", b"\r\n\r\n>From here on\r\n"),
    "L, long lines": (TO, b"x" * 991 + b"\r\n", b"!\r\n"),
    "NoRecipientAction": (b"", b"x\r\n", b"\r\nTo: bob@example.net\r\n"),
}


@pytest.mark.parametrize("fields, body, left", CHANGES.values(), ids=CHANGES)
def test_settings_that_change_mail_on_its_way_out(changing, fields, body, left):
    message = b"From: alice@example.com\r\n" + fields + b"\r\n" + body
    outcome = submit(changing, Submission("changing", message=message))
    assert outcome.accepted, outcome.reply
    assert left in changing.sink.wait(outcome.queue_id).data
