"""Whatever Sendmail does to the fields with addresses: what is let go arrives with valid signatures."""

import random

import pytest

from harness.message import Message
from harness.submission import Submission, open_session, transaction

NAMES = (
    "", "Bob ", '"Bob" ', "Bob B. Bright ", "Bob O'Hara ", "'Bob' ", '"Bright, Bob" ', "Bob @ work ", "Bob(x) ",
    "Bob [x] ", "Bob; X ", "=?utf-8?Q?J=C3=B6rg?= ", "=?utf-8?Q?Dr._J=C3=B6rg?= ", "=?utf-8?Q?Gr=C3=BCn,_J.?= ",
    "=?utf-8?B?SsO2cmc=?= X. ", '"A." B. ', 'A. "B" C ', "A. (c) B ", "J\xc3\xb6rg. ", "A.\r\n ", "Bob", "$j ", "A\\B ",
    '"A \\" B" ', "Bob  B.  ", "=?iso-8859-1?Q?a.b?= =?iso-8859-1?Q?=E4?= c. ",
)
ADDRESSES = (
    "<bob@example.net>", "< bob@example.net >", "<bob@localhost>", "<root>", '<"b b"@example.net>', "<b.b@[192.0.2.1]>",
    "<bob@example.net> (x)", "<bob@example.net>(x. y)", "<bob@Example.NET>", "<bob+x@example.net>", "<bob@example.net.>",
)
BARE = (
    "bob@example.net", "root", "bob@example.net (B. B)", "(c) bob@example.net", "bob@example.net(c)", "bob @ example.net",
    '"b.b"@example.net', "friends: bob@example.net;", "friends:;", "undisclosed-recipients: ;", "x: B. <b@example.net>;",
    "bob@example.net carol@example.net", "<bob@example.net>;", "mailto:bob@example.net", "Re: Bob <bob@example.net>",
    "bob", "a!b", "|x", "''", "<>", "(", '"', ">", "a;b", "x: y: z@example.net;", "bob@example.net;", "=?utf-8?Q?x?=",
)
COMMAS = (", ", ",", " , ", ",\r\n ", "\r\n , ", ",,", ", , ", ",\t")


def some_field(chosen):
    """A field that is put together by chance; most of them are good ones."""
    name = chosen.choice(("To", "Cc", "Reply-To", "Resent-To", "Errors-To", "Disposition-Notification-To"))
    elements = [
        chosen.choice(BARE) if chosen.random() < 0.15 else chosen.choice(NAMES) + chosen.choice(ADDRESSES)
        for _ in range(chosen.choice((1, 1, 1, 2, 3, 8)))
    ]
    return f"{name}: " + chosen.choice(COMMAS).join(elements) + chosen.choice(("", "", "", ",", " "))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_let_go_verifies(site, seed):
    chosen = random.Random(seed)
    refused = 0
    with open_session(site, Submission()) as client:
        for _ in range(60):
            field = some_field(chosen).encode("latin-1")
            message = b"From: alice@example.com\r\n" + field + b"\r\nSubject: x\r\n\r\nbody\r\n"
            outcome = transaction(client, Submission(message=message))
            if not outcome.accepted:
                assert "[address_form.unsettled " in outcome.reply.text, (field, outcome.reply)
                refused += 1
                continue
            arrived = site.sink.wait(outcome.queue_id).data
            results = site.signatures(arrived)
            assert [each.valid for each in results] == [True, True], (field, Message.parse(arrived).fields)
    assert refused < 30, "most of these are good"


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
        outcome = transaction(client, Submission(message=f"From: {sent}\r\n\r\nbody\r\n".encode()))
    arrived = site.sink.wait(outcome.queue_id).data
    assert Message.parse(arrived).value("From") == left
    assert [each.valid for each in site.signatures(arrived)] == [True, True]
