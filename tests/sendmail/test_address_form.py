"""Whatever Sendmail does to the fields with addresses: what is let go arrives with valid signatures."""

import random
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from arriving import arrive, signed_names

from harness.submission import Submission, open_session

NAMES = (
    "", "Bob ", '"Bob" ', "Bob B. Bright ", "Bob O'Hara ", "'Bob' ", '"Bright, Bob" ', "Bob @ work ", "Bob(x) ",
    "Bob [x] ", "Bob; X ", "=?utf-8?Q?J=C3=B6rg?= ", "=?utf-8?Q?Dr._J=C3=B6rg?= ", "=?utf-8?Q?Gr=C3=BCn,_J.?= ",
    "=?utf-8?B?SsO2cmc=?= X. ", '"A." B. ', 'A. "B" C ', "A. (c) B ", "J\xc3\xb6rg. ", "A.\r\n ", "Bob", "$j ", "A\\B ",
    '"A \\" B" ', "Bob  B.  ", "=?iso-8859-1?Q?a.b?= =?iso-8859-1?Q?=E4?= c. ", "[Re: x] ", "\xc3\x80\xd0\x94 ",
)
# How a name goes on, until it has the length that is asked for: Sendmail has room for so much, and drops the rest.
ENDLESS = (
    ('"', "x", '" '), ('"', "\xd0\x94\xc3\x80", '" '), ('"', '\\"', '" '), ("", "Bob ", ""), ("", "B. ", ""),
    ("", "=?utf-8?Q?J=C3=B6rg_Sch=C3=B6ne?= ", ""), ("", "=?utf-8?B?0JTQvNC40YLRgNC40Lk=?=\r\n\t", ""),
    ("", "=?iso-2022-jp?B?GyRCOzNFRBsoQg==?= ", ""), ('"', "=?utf-8?B?SsO2cmc=?= ", '" '), ("", '"a" b ', ""),
    ('"', "\xf0\x9f\x98\x80", '" '), ("", "(c) ", ""), ("A (", "y ", ") "), ("x: ", "Bob ", ""),
)
ADDRESSES = (
    "<bob@example.net>", "< bob@example.net >", "<bob@localhost>", "<root>", '<"b b"@example.net>', "<b.b@[192.0.2.1]>",
    "<bob@example.net> (x)", "<bob@example.net>(x. y)", "<bob@Example.NET>", "<bob+x@example.net>", "<bob@example.net.>",
    "<bob@[IPv6:2001:db8::1]>", "<" + "b" * 64 + "@" + "example." * 20 + "net>",
)
BARE = (
    "bob@example.net", "root", "bob@example.net (B. B)", "(c) bob@example.net", "bob@example.net(c)", "bob @ example.net",
    '"b.b"@example.net', "friends: bob@example.net;", "friends:;", "undisclosed-recipients: ;", "x: B. <b@example.net>;",
    "bob@example.net carol@example.net", "<bob@example.net>;", "mailto:bob@example.net", "Re: Bob <bob@example.net>",
    "bob", "a!b", "|x", "''", "<>", "(", '"', ">", "a;b", "x: y: z@example.net;", "bob@example.net;", "=?utf-8?Q?x?=",
    "root@localhost", "bob@[IPv6:2001:db8::1]", "(nobody)", "(x. y) (z)", "unlisted-recipients:; (no To-header)",
    "friends: bob@example.net", "bob@example.net>", "x: bob@[IPv6:::1];", "Bob Bright", "bob)@example.net", "mailto: a@b",
    "(" + "long " * 60 + ")", "bob@example.net (" + "long " * 60 + ")", "g" * 260 + ": bob@example.net;",
)
COMMAS = (", ", ",", " , ", ",\r\n ", "\r\n , ", ",,", ", , ", ",\t", "; ", ";")
FIELDS = (
    "To", "Cc", "Reply-To", "Resent-To", "Resent-Cc", "Errors-To", "Disposition-Notification-To", "Resent-Reply-To",
)


def some_name(chosen):
    if chosen.random() < 0.8:
        return chosen.choice(NAMES)
    start, more, end = chosen.choice(ENDLESS)
    length = chosen.choice((chosen.randint(100, 260), chosen.randint(225, 245), 400, 600))
    return start + more * (length // len(more)) + end


def some_field(chosen):
    """A field that is put together by chance; most of them are good ones."""
    elements = [
        chosen.choice(BARE) if chosen.random() < 0.2 else some_name(chosen) + chosen.choice(ADDRESSES)
        for _ in range(chosen.choice((1, 1, 1, 2, 3, 8)))
    ]
    comma = chosen.choice(COMMAS)
    if sum(map(len, elements)) > 800:  # a line may have 998 bytes
        comma = ",\r\n "
    return f"{chosen.choice(FIELDS)}: " + comma.join(elements) + chosen.choice(("", "", "", ",", " "))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_let_go_verifies(site, seed):
    chosen = random.Random(seed)
    unsigned = 0
    with open_session(site, Submission()) as client:
        for _ in range(60):
            field = some_field(chosen).encode("latin-1")
            name = field.partition(b":")[0].decode()
            outcome, arrived = arrive(site, client, field)
            if not arrived:
                assert name == "Reply-To" and "[address_form.unsettled " in outcome.reply.text, (field, outcome.reply)
            elif name in ("To", "Cc"):
                unsigned += any(name.lower() not in names for names in signed_names(arrived))
    assert unsigned < 20, "most of these are good"


@pytest.mark.parametrize("seed", range(3))
def test_from_that_is_let_go_verifies(site, seed):
    """Other rules refuse some: brackets in names that readers take for addresses, raw 8-bit bytes."""
    chosen = random.Random(seed)
    passed = 0
    with open_session(site, Submission()) as client:
        for _ in range(40):
            field = f"From: {some_name(chosen)}<alice@example.com>".encode("latin-1")
            outcome, arrived = arrive(site, client, b"To: bob@example.net", field + b"\r\n")
            assert arrived or "[address_form." not in outcome.reply.text, (field, outcome.reply)
            passed += arrived is not None
    assert passed > 20, "most of these are good"


FROM = {
    "Alice B. C <alice@example.com>": '"Alice B. C" <alice@example.com>',
    "Alice O'Hara <alice@example.com>": '"Alice O\'Hara" <alice@example.com>',
    "=?utf-8?Q?Dr._X?= <alice@example.com>": "=?utf-8?Q?Dr=2E_X?= <alice@example.com>",
    "=?utf-8?Q?=C3=84?= B. <alice@example.com>": '=?utf-8?Q?=C3=84?= "B." <alice@example.com>',
    "Alice <alice@example.com>": "Alice <alice@example.com>",
    "alice@example.com (Alice A.)": "alice@example.com (Alice A.)",
}


@pytest.mark.parametrize("sent, left", FROM.items(), ids=FROM)
def test_names_in_from(site, sent, left):
    with open_session(site, Submission()) as client:
        _, arrived = arrive(site, client, b"To: bob@example.net", f"From: {sent}\r\n".encode())
    assert arrived.value("From") == left


def decoded(value):
    """The name and the address that people see."""
    name, address = parseaddr(value)
    return str(make_header(decode_header(name))), address


LONG_NAMES = {
    "latin": ("=?utf-8?Q?J=C3=B6rg_M=C3=BCller_von_und_zu_Hohenstein?=", "Jörg Müller von und zu Hohenstein"),
    "cyrillic": ("=?utf-8?B?0JTQvNC40YLRgNC40Lkg0JTQvNC40YLRgNC40LXQstC40Yc=?=", "Дмитрий Дмитриевич"),
    "japanese": ("=?iso-2022-jp?B?GyRCOzNFRBsoQg==?=", "山田"),
}


@pytest.mark.parametrize("times", (1, 3, 4, 6, 12))
@pytest.mark.parametrize("script", LONG_NAMES)
def test_long_names_in_from(site, script, times):
    """As many encoded words as a name takes: as much of it as Sendmail has room for arrives, and no less."""
    word, text = LONG_NAMES[script]
    sent = "\r\n ".join([word] * times)
    with open_session(site, Submission()) as client:
        _, arrived = arrive(site, client, b"To: bob@example.net", f"From: {sent} <alice@example.com>\r\n".encode())
    name, address = decoded(arrived.value("From"))
    assert address == "alice@example.com"
    assert (text * times).startswith(name) and len(name.encode()) >= min(len((text * times).encode()), 120)
    assert all("from" in names for names in signed_names(arrived))
