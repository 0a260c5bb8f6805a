"""Address fields as mail programs write them: they pass, everything in them is signed, and the signatures hold."""

import pytest
from arriving import arrive, signed_names

from harness.submission import Submission, open_session

MANY = b",\r\n\t".join(b'"Doe, J. %d" <user%d@example.net>' % (i, i) for i in range(200))
FROM = b"From: Alice <alice@example.com>\r\n"
CLIENTS = {
    "outlook": b'From: "Adams, Alice (Sales)" <alice@example.com>\r\n'
               b'To: "Doe, John" <john@example.net>, "\'roe@example.net\'" <roe@example.net>',
    "outlook, semicolons": FROM + b"To: john@example.net; jane@example.net;",
    "outlook, own separators": FROM + b'To: "Doe, John" <john@example.net>; Jane Roe <jane@example.net>',
    "outlook, internet free/busy": FROM + b"To: 'Pat O'Brien' <pat@example.net>",
    "exchange": b'From: Alice Adams <alice@example.com>\r\n'
                b'To: "Doe, John" <IMCEAEX-_O=ORG_OU=X_CN=RECIPIENTS@example.net>\r\nCc: John Doe/HQ/Corp <doe@example.net>',
    "apple mail": b"From: =?utf-8?Q?Alice_M=C3=BCller?= <alice@example.com>\r\nTo: =?utf-8?Q?J=C3=B6rg?=\r\n =?utf-8?B?IFNjaMO2bmU=?="
                  b" <joerg@example.net>\r\nReply-To: Alice <alice@example.com>",
    "apple mail, undisclosed": FROM + b"To: undisclosed-recipients:;",
    "thunderbird": b"From: Alice B. Adams <alice@example.com>\r\nTo: bob@example.net, Bob <bob@example.net>,\r\n"
                   b" =?UTF-8?Q?Gr=c3=bcn=2c_J=2e?= <j@example.net>\r\nDisposition-Notification-To: Alice B. Adams <alice@example.com>",
    "gmail relay": FROM + b"To: Bob Bright <bob+tag@example.net>, \r\n\tcarol.c@example.net\r\nCc: \"bob@example.net\" <bob@example.net>",
    "phpmailer": b"From: =?UTF-8?B?U2hvcCBGw7xy?= <alice@example.com>\r\nTo: =?UTF-8?B?SsO2cmc=?= <joerg@example.net>\r\n"
                 b'Reply-To: "Shop, GmbH" <alice@example.com>',
    "php mail()": FROM + b"To: <bob@example.net>,<carol@example.net>",
    "cron": FROM + b"To: root",
    "php on this host": FROM + b"To: root@localhost",
    "python": FROM + b"To: =?utf-8?q?M=C3=BCller=2C_J=C3=B6rg?= <j@example.net>,\r\n =?utf-8?b?0JTQvNC40YLRgNC40Lk=?= <d@example.net>",
    "mutt": b"From: alice@example.com (Alice Adams)\r\nTo: bob@example.net (Bob (Sales) Bright), carol@example.net",
    "mutt, undisclosed": FROM + b"To: undisclosed-recipients: ;",
    "pine": FROM + b"To: unlisted-recipients:; (no To-header on input)",
    "majordomo": FROM + b"To: list@example.net, (recipient list suppressed)",
    "eudora": FROM + b"To: (Recipient list suppressed)",
    "mailto link": FROM + b"To: mailto:bob@example.net",
    "calendar reply": FROM + b"To: =?UTF-8?Q?Org=C3=A4nizer?= <o@example.net>,\r\n\t\"Room 1 (HQ)\" <room1@example.net>, 'd@example.net'\r\n"
                      b"\t<d@example.net>\r\nSender: alice@example.com",
    "read receipt": FROM + b'To: "Bob" <bob@example.net>\r\nOriginal-Recipient: rfc822;alice@example.com',
    "list": FROM + b"Sender: Alice <alice@example.com>\r\nTo: Discussion of things <list@lists.example.net>\r\n"
            b"List-Post: <mailto:list@lists.example.net>\r\nList-Id: Things <list.lists.example.net>\r\n"
            b"Reply-To: Discussion of things <list@lists.example.net>\r\nErrors-To: <list-bounces@lists.example.net>",
    "group": FROM + b"To: Team: Bob <bob@example.net>, carol@example.net;\r\nCc: empty:;, dave@example.net",
    "comments": FROM + b"To: bob@example.net (at work), (c) carol@example.net, Dave (D.) <dave@example.net>",
    "quoted local parts": FROM + b'To: "bob bright"@example.net, C <"carol@home"@example.net>',
    "idn": FROM + b"To: bob@xn--bcher-kva.example, =?utf-8?B?YsO8Y2hlcg==?= <info@xn--bcher-kva.example>",
    "address literals": FROM + b"To: bob@[192.0.2.1], carol@[IPv6:2001:db8::1]",
    "docomo": FROM + b"To: a..b@docomo.example, foo.@docomo.example",
    "200 recipients": FROM + b"To: " + MANY,
    "tabs": FROM + b"To:\tBob <bob@example.net>,\r\n\tcarol@example.net ,\r\n\t\tdave@example.net",
    "empty": FROM + b"To: \r\nCc:",
    "forwarded": FROM + b"To: bob@example.net\r\nResent-From: Alice A. <alice@example.com>\r\nResent-To: \"X, Y\" <z@example.net>",
    "long name": FROM + b"To: " + b"=?utf-8?Q?J=C3=B6rg_M=C3=BCller_von_und_zu_Hohenstein_der_Aeltere_Herr?=\r\n " * 5 + b"<j@example.net>",
    "long company": FROM + b'To: "' + b"Sales and Marketing, Example International Holding; " * 8 + b'" <sales@example.net>',
}


@pytest.mark.parametrize("shape", CLIENTS)
def test_passes_with_all_signed(site, shape):
    with open_session(site, Submission()) as client:
        outcome, arrived = arrive(site, client, CLIENTS[shape], b"Date: Sat, 21 Nov 2026 03:00:00 +0000\r\n")
    assert arrived, outcome.reply
    for names in signed_names(arrived):
        assert {"from", "to", "cc", "reply-to"} <= set(names)


NO_LIST = (b"bob@example.net carol@example.net", b"Bob Bright", b'"bob <bob@example.net>', b"<bob@example.net", b"everyone@")


@pytest.mark.parametrize("value", NO_LIST, ids=map(bytes.decode, NO_LIST))
@pytest.mark.parametrize("name", (b"To", b"Cc"))
def test_what_nobody_can_settle_stays_unsigned(site, name, value):
    """Mail goes, the other fields are signed, and the record says which are not."""
    with open_session(site, Submission()) as client:
        outcome, arrived = arrive(site, client, name + b": " + value, FROM)
    assert arrived, outcome.reply
    for names in signed_names(arrived):
        assert name.decode().lower() not in names
        assert names.count("from") == 2 and names.count("to") + names.count("cc") == 1, "oversigned all the same"
    assert site.submilter.records.wait_message(outcome.queue_id)["unsigned"] == [name.decode()]


def test_answers_must_be_certain(site):
    """Where answers go is signed, or the mail is refused; a Reply-To without an address is none."""
    with open_session(site, Submission()) as client:
        outcome, _ = arrive(site, client, b"Reply-To: bob@example.net carol@example.net", FROM)
        assert "[address_form.unsettled " in outcome.reply.text
        _, arrived = arrive(site, client, b"Reply-To: Bob Bright", FROM)
    assert not arrived.named("Reply-To")
