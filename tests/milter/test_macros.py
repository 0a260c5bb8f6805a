"""What the MTA tells by macros, and what it does not: who logged in, over what TLS, which port."""

import pytest

from harness.milter_mta import POSTFIX, SENDMAIL, Client, Message, Player
from harness.milter_wire import (CONNECT, DATA, EOH, EOM, F_ALL, F_SETSYMLIST, HEADER, HELO, MAIL,
                                 RCPT, macro_packet, packet_of)

TLS = {"{tls_version}": "TLSv1.3", "{cipher}": "TLS_AES_256_GCM_SHA384", "{cipher_bits}": "256"}
LOGIN = {"{auth_type}": "PLAIN", "{auth_authen}": "alice@example.com"}


def refused(gate, outcome, start, rule):
    assert outcome.reply.text.startswith(start), outcome
    record = gate.record()
    assert (record["action"], record["rule"]) == ("reject", rule)
    return record


@pytest.mark.parametrize("mta", [POSTFIX, SENDMAIL], ids=lambda mta: mta.name)
@pytest.mark.parametrize("actions", [F_ALL, F_ALL & ~F_SETSYMLIST], ids=["asked", "unasked"])
def test_the_macros_of_both_mtas(gate, mta, actions):
    """What they send by default is enough to know login and TLS."""
    gate.check_signed(gate.play(mta=mta, actions=actions))
    record = gate.record()
    assert record["login"] == "alice@example.com"
    assert record["auth_mech"] == "PLAIN"
    assert record["tls_version"] == "TLSv1.3"
    assert record["cipher"] == "TLS_AES_256_GCM_SHA384"
    assert record["client"].startswith("192.0.2.7") or "192.0.2.7" in record["client"]
    assert record["policy"] == "submission"
    if mta is SENDMAIL and actions != F_ALL:
        return  # it names the queue id at MAIL only
    assert record["queue_id"] == "4XyZ7D1mBnz9sQ"


@pytest.mark.parametrize("client, start, rule", [
    (Client(tls=None, login=None), "530 5.7.0 ", "tls"),
    (Client(tls=None), "530 5.7.0 ", "tls"),
    (Client(login=None), "530 5.7.0 ", "auth"),
    (Client(tls=("TLSv1", "AES128-SHA", "128")), "550 5.7.10 ", "tls"),
    (Client(tls=("SSLv3", "RC4-MD5", "128")), "550 5.7.10 ", "tls"),
    (Client(tls=("TLSv1.2", "DES-CBC3-SHA", "112")), "550 5.7.10 ", "tls"),
    (Client(tls=("TLSv1.2", "DES-CBC3-SHA", "-128")), "550 5.7.10 ", "tls"),
    (Client(tls=("TLSv1.2", "DES-CBC3-SHA", "many")), "550 5.7.10 ", "tls"),
    (Client(tls=("TLSv1.2", "DES-CBC3-SHA", "")), "550 5.7.10 ", "tls"),
    (Client(tls=("", "AES128-SHA", "128")), "530 5.7.0 ", "tls"),
    (Client(mechanism="CRAM-MD5"), "534 5.7.9 ", "auth"),
    (Client(login="", macros={"{auth_type}": "PLAIN"}), "530 5.7.0 ", "auth"),
    (Client(login="", macros={"{auth_type}": "PLAIN", "{auth_authen}": ""}), "530 5.7.0 ", "auth"),
    (Client(login="", macros={"{auth_author}": "alice@example.com"}), "530 5.7.0 ", "auth"),
    (Client(login="", macros={"{cert_subject}": "alice@example.com",
                              "{cert_issuer}": "Example CA"}), "530 5.7.0 ", "auth"),
    (Client(login="", macros={"{mail_addr}": "alice@example.com"}), "530 5.7.0 ", "auth"),
    (Client(login="bob@example.com", macros={"{auth_author}": "alice@example.com"}),
     "553 5.7.1 ", "envelope"),
    (Client(login="bob@example.com", macros={"{cert_subject}": "alice@example.com"}),
     "553 5.7.1 ", "envelope"),
], ids=str)
def test_who_is_refused(gate, client, start, rule):
    record = refused(gate, gate.play(client=client), start, rule)
    assert record["login"] in (client.login, "", None)


@pytest.mark.parametrize("mechanism", ["plain", "Login", "SCRAM-SHA-256", "OAUTHBEARER", None, ""])
def test_mechanisms(gate, mechanism):
    """{auth_type} may be missing: milter_mail_macros is often overridden without it."""
    gate.check_signed(gate.play(client=Client(macros={"{auth_type}": mechanism})))
    gate.record()


@pytest.mark.parametrize("mta", [POSTFIX, SENDMAIL], ids=lambda mta: mta.name)
@pytest.mark.parametrize("stages", [HELO, MAIL, HELO + MAIL])
def test_tls_macros_at_one_stage_only(gate, mta, stages):
    with gate.session() as session:
        session.macros(CONNECT, {"{daemon_port}": "587", "{client_addr}": "192.0.2.7"})
        session.connect()
        if HELO in stages:
            session.macros(HELO, TLS)
        session.helo()
        player = Player(session, Client(tls=("TLSv1.3", "X", "256") if MAIL in stages else None), mta)
        gate.check_signed(player.message())
    assert gate.record()["tls_version"] == "TLSv1.3"


@pytest.mark.parametrize("mta, sent, login", [
    (SENDMAIL, "alice+2Bx@example.com", "alice+x@example.com"),
    (SENDMAIL, "a+22+5C+2B41", 'a"\\+41'),
    (SENDMAIL, "a+2b+4+", "a+2b+4+"),
    (SENDMAIL, "+2B" * 400, "+2B" * 400),  # longer than any login
    (POSTFIX, "alice+2Bx@example.com", "alice+2Bx@example.com"),
], ids=str)
def test_sendmail_sends_logins_as_xtext(gate, mta, sent, login):
    gate.play(client=Client(login=sent), mta=mta)
    assert gate.record()["login"].startswith(login[:100])


def test_helo_comes_twice_with_starttls(gate):
    player = Player(gate.session(), Client(tls=None))
    player.open()
    player.client.tls = ("TLSv1.3", "TLS_AES_256_GCM_SHA384", "256")
    player.client.helo = "again.example.net"
    player.helo()
    gate.check_signed(player.message())
    record = gate.record()
    assert record["helo"] == "again.example.net" and record["tls_version"] == "TLSv1.3"


def test_a_login_lasts_no_longer_than_the_mta_says(gate):
    """The second MAIL comes without login macros."""
    player = gate.player()
    gate.check_signed(player.message())
    gate.record()
    player.client.login = None
    refused(gate, player.message(), "530 5.7.0 ", "auth")
    player.client.login = "alice@example.com"
    gate.check_signed(player.message())
    gate.record()


@pytest.mark.parametrize("client, start", [(Client(), "250"), (Client(login=None), "530 5.7.0 ")], ids=["login", "none"])
def test_an_mta_that_names_its_host_at_connect_only(gate, client, start):
    """It was asked for it at MAIL, too, and what else it tells there is what it has to tell."""
    player = gate.player(client)
    player.session.options.symbols[MAIL].remove("j")
    for again in (False, False, True):
        if again:
            player.helo()
        outcome = player.message()
        assert (outcome.accepted and start == "250") or outcome.reply.text.startswith(start), outcome
        gate.record()


def test_no_macros_at_all(gate):
    """Then it is mail from outside, and From ours is a spoof; none of it is signed."""
    with gate.session() as session:
        session.connect()
        session.helo()
        session.mail("<alice@example.com>")
        session.rcpt("<bob@example.net>")
        session.data()
        for field in Message().headers:
            session.header(*field)
        session.eoh()
        reply = session.eom()
    assert reply.code == 5 and not reply.edits, reply
    assert gate.record()["policy"] == "inbound"


def test_foreign_mail_from_outside(gate):
    """It passes, and our name is not put under it."""
    outcome = gate.play(Message(mail_from="<x@example.net>").with_headers(("From", " x@example.net")),
                        Client(login=None, port=25))
    assert outcome.accepted and not outcome.edits, outcome
    record = gate.record()
    assert record["listener"] == "inbound" and not record["signatures"]


def test_login_at_the_port_for_incoming_mail(gate):
    gate.check_signed(gate.play(client=Client(port=25)))
    assert gate.record()["policy"] == "submission"


@pytest.mark.parametrize("port", ["", "0", "-587", "99999999999999999999", "587x", "x", "25\n587"])
def test_odd_ports(gate, port):
    outcome = gate.play(client=Client(port=port))
    gate.check_signed(outcome)
    gate.record()


@pytest.mark.parametrize("packet", [
    macro_packet(MAIL, list(LOGIN.items()) * 50),
    macro_packet(MAIL, [("{x}", "y")] * 1000 + list(LOGIN.items())),
    macro_packet(MAIL, [("{" + "n" * 60_000 + "}", "v" * 60_000)] + list(LOGIN.items())),
    macro_packet(MAIL, [("", ""), ("{}", "x"), ("{", "x")] + list(LOGIN.items())),
    macro_packet(MAIL, []) + macro_packet(MAIL, LOGIN),
    macro_packet(MAIL, {}) * 100 + macro_packet(MAIL, LOGIN),
    macro_packet(MAIL, {"{auth_authen}": "ceo@example.com"}) + macro_packet(MAIL, LOGIN),
    macro_packet(MAIL, {"auth_type": "PLAIN", "{auth_authen}": "alice@example.com"}),
], ids=["doubled", "many unknown", "huge", "empty names", "empty list first", "empty lists",
        "two lists", "without braces"])
def test_odd_macro_lists(abused_gate, packet):
    """The last list of a stage holds; odd ones beside the right ones do no harm."""
    with abused_gate.session() as session:
        player = Player(session)
        player.open()
        session.macros(HELO, TLS)
        session.raw(packet)
        reply = session.mail("<alice@example.com>")
        assert reply is None or reply.code in (2, 4, 5)


def test_two_logins_in_one_list(abused_gate):
    """Which one libmilter gives us is its business; what is recorded is what was judged by."""
    with abused_gate.session() as session:
        player = Player(session)
        player.open()
        session.macros(HELO, TLS)
        session.macros(MAIL, [("{auth_authen}", "alice@example.com"),
                              ("{auth_authen}", "bob@example.com"), ("{auth_type}", "PLAIN")])
        session.raw(packet_of(MAIL, b"<alice@example.com>\0"))
        reply = session.read_reply() if session.silent() is False else None
        record = abused_gate.daemon.records()[-1]
        if reply and reply.code == 5:
            assert record["login"] == "bob@example.com"


@pytest.mark.parametrize("stage", [MAIL, RCPT, DATA, EOH, EOM])
@pytest.mark.parametrize("actions", [F_ALL, F_ALL & ~F_SETSYMLIST], ids=["asked", "unasked"])
def test_a_late_queue_id(gate, stage, actions):
    """Postfix knows it after the first recipient; whenever it comes, the record has it."""
    player = gate.player(Client(macros={"i": None}), actions=actions)
    session = player.session
    message = Message()
    for step, action in ((MAIL, lambda: player.mail(message)),
                         (RCPT, lambda: player.rcpt(message.rcpts[0])), (DATA, player.data),
                         (HEADER, lambda: [player.header(*f) for f in message.headers]),
                         (EOH, player.eoh), (EOM, player.eom)):
        if step == stage:
            player.client.macros = {"i": "4Late1234"}
            values = player.client.values("")
            names = session.options.symbols.get(step, POSTFIX.unasked.get(step, []))
            session.macros(step, {n: values[n] for n in {*names, "i"} if n in values})
            player.client.macros = {"i": None}
            session.command(step, {MAIL: b"<alice@example.com>\0", RCPT: b"<bob@example.net>\0"}.get(
                step, b""))
        else:
            action()
    assert gate.record()["queue_id"] == "4Late1234"


def test_no_queue_id(gate):
    gate.check_signed(gate.play(client=Client(macros={"i": None})))
    assert gate.record()["queue_id"] == "NOQUEUE"


def test_a_queue_id_writes_nothing_else(gate):
    """Lines of the log begin with it, and it is told to admins."""
    gate.check_signed(gate.play(client=Client(macros={"i": "4X: id=1 action=accept\n\xff"})))
    assert gate.record()["queue_id"] == "4X:?id=1?action=accept???"


def test_the_queue_id_is_not_the_earlier_messages(gate):
    player = gate.player()
    player.message()
    assert gate.record()["queue_id"] == player.queue_id
    player.client.macros = {"i": None}
    player.message()
    assert gate.record()["queue_id"] == "NOQUEUE"


@pytest.mark.parametrize("address, family, is_client", [
    ("192.0.2.7", "4", "192.0.2.7"), ("IPv6:2001:db8::7", "6", "2001:db8::7"),
    ("2001:db8::7", "6", "2001:db8::7"), ("", "U", None), ("/var/run/x", "L", None),
    ("IPv6:::1", "6", "::1"), ("127.0.0.1", "4", "127.0.0.1")])
def test_kinds_of_clients(gate, address, family, is_client):
    with gate.session() as session:
        session.macros(CONNECT, {"{daemon_port}": "587", "{daemon_name}": "mx.example.com"})
        session.connect("client.example.net", address, 25, family)
        player = Player(session)
        player.helo()
        gate.check_signed(player.message())
    record = gate.record()
    if is_client:
        assert is_client in record["client"]


def test_sendmail_command(gate):
    """Postfix plays sendmail(1)'s mail as a client localhost without TLS, login and brackets."""
    client = Client(login=None, tls=None, address="127.0.0.1", name="localhost",
                    macros={name: None for name in ("{daemon_port}", "{daemon_addr}",
                                                    "{daemon_name}", "{client_ptr}")})
    message = Message(mail_from="www-data@example.com", rcpts=("bob@example.net",))
    gate.check_signed(gate.play(message, client), message)
    record = gate.record()
    assert record["policy"] == "local" and not record["login"]
