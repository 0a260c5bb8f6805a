"""What MTAs offer, what is taken of it, and what happens where they offer too little."""

import pytest

from harness.milter_mta import POSTFIX, SENDMAIL, Client, Message, play
from harness.milter_wire import (ACCEPT, CONNECT, CONTINUE, EOM, F_ADDHDRS, F_ADDRCPT,
                                 F_ADDRCPT_PAR, F_ALL, F_CHGBODY, F_CHGFROM, F_CHGHDRS, F_DELRCPT,
                                 F_QUARANTINE, F_SETSYMLIST, HELO, MAIL, OPTNEG, P_ALL,
                                 P_HDR_LEADSPC, P_NO, P_NR, P_NR_ALL, P_RCPT_REJ, P_SKIP,
                                 ConnectionClosed, ProtocolError, Session)

NEEDED_MACROS = {
    CONNECT: {"{daemon_name}", "{daemon_port}"},
    HELO: {"{tls_version}", "{cipher}", "{cipher_bits}"},
    MAIL: {"{auth_type}", "{auth_authen}", "{tls_version}", "{cipher}", "{cipher_bits}"},
    EOM: {"i"},
}


def test_takes_what_it_needs_and_no_more(gate):
    options = gate.session().options
    assert options.version == 6
    for needed in (F_ADDHDRS, F_CHGHDRS, F_QUARANTINE):
        assert options.actions & needed
    for refused in (F_CHGBODY, F_ADDRCPT, F_DELRCPT, F_CHGFROM, F_ADDRCPT_PAR):
        assert not options.actions & refused
    assert options.protocol & P_HDR_LEADSPC
    for stage in (MAIL, "R", "L", "B"):
        assert not options.protocol & P_NO[stage], f"it must see {stage}"


def test_lets_the_mta_stream(gate):
    """Stages that only collect facts need no reply."""
    options = gate.session().options
    for stage in (CONNECT, HELO, "L", "N", "B"):
        assert options.protocol & (P_NR[stage] | P_NO[stage]), f"{stage} waits for a reply"


def test_no_stage_without_a_callback(gate):
    """libmilter answers such a stage by itself: where no reply is due, an error is logged a message."""
    protocol = gate.session().options.protocol
    for stage in ("N", "U"):
        assert protocol & P_NO[stage] and not protocol & P_NR[stage]


def test_data_is_left_out_over_a_unix_socket(gate):
    assert gate.session().options.protocol & P_NO["T"]


@pytest.mark.parametrize("stage", NEEDED_MACROS)
def test_asks_for_its_macros(gate, stage):
    symbols = gate.session().options.symbols
    assert NEEDED_MACROS[stage] <= set(symbols[stage])


def test_asks_for_each_macro_once_a_stage(gate):
    for stage, names in gate.session().options.symbols.items():
        assert len(names) == len(set(names)), stage


@pytest.mark.parametrize("mta", [POSTFIX, SENDMAIL], ids=lambda mta: mta.name)
@pytest.mark.parametrize("options", [
    {},
    {"protocol": P_ALL & ~P_HDR_LEADSPC},
    {"protocol": P_ALL & ~P_SKIP},
    {"protocol": P_ALL & ~P_RCPT_REJ},
    {"protocol": P_ALL & ~P_NR_ALL},
    {"protocol": P_HDR_LEADSPC},
    {"protocol": P_ALL & ~P_NR_ALL & ~P_HDR_LEADSPC & ~P_SKIP},
    {"protocol": 0xFFFFFFFF},
    {"protocol": 0x7F, "actions": 0x3F, "version": 2},
    {"protocol": 0x7F, "actions": 0x3F, "version": 3},
    {"protocol": 0x7F, "actions": 0x3F, "version": 4},
    {"protocol": 0, "actions": 0x3F, "version": 2},
    {"actions": F_ALL & ~F_SETSYMLIST},
    {"actions": 0xFFFFFFFF},
    {"version": 7},
    {"version": 0x7FFFFFFF},
], ids=str)
def test_signs_for_every_kind_of_mta(gate, mta, options):
    with gate.session(**options) as session:
        leadspc = bool(session.options.protocol & P_HDR_LEADSPC)
        outcome = play(session, Message(), mta=mta)
        session.quit()
    gate.check_signed(outcome, leadspc=leadspc)
    assert gate.record()["action"] == "accept"


@pytest.mark.parametrize("stage", P_NR)
def test_each_reply_that_the_mta_insists_on(gate, stage):
    with gate.session(protocol=P_ALL & ~P_NR[stage]) as session:
        gate.check_signed(play(session))
    gate.record()


@pytest.mark.parametrize("stage", P_NO)
def test_each_stage_that_cannot_be_left_out(gate, stage):
    with gate.session(protocol=P_ALL & ~P_NO[stage]) as session:
        gate.check_signed(play(session))
    gate.record()


@pytest.mark.parametrize("actions", [
    0, F_SETSYMLIST, F_ALL & ~F_ADDHDRS, F_ALL & ~F_CHGHDRS, F_ALL & ~F_QUARANTINE,
    F_ALL & ~(F_ADDHDRS | F_CHGHDRS)], ids=hex)
def test_an_mta_that_refuses_an_action(abused_gate, actions):
    """It is not worked with, or messages are refused for now; none leaves as if all were well."""
    message = Message().plus(("Authentication-Results", " mx.example.com; spf=pass"))
    try:
        with abused_gate.session(actions=actions) as session:
            outcome = play(session, message)
    except (ConnectionClosed, ProtocolError):
        return
    assert outcome.reply.code in (2, 4)
    if outcome.reply.code == 2:
        fields = abused_gate.check_signed(outcome, message)
        assert not [value for name, value in fields if name == b"Authentication-Results"]


@pytest.mark.parametrize("version", [0, 1, 0x80000000, 0xFFFFFFFF])
def test_a_version_that_is_refused(abused_gate, version):
    with pytest.raises((ConnectionClosed, ProtocolError)):
        abused_gate.session(version=version)


@pytest.mark.parametrize("data", [b"", b"\0\0\0\6", b"\0\0\0\6\0\0\1\377\0\37\377", b"\0" * 12])
def test_a_negotiation_cut_short(abused_gate, data):
    with abused_gate.session(negotiate=False) as session:
        session.packet(OPTNEG, data)
        assert session.closed_by_filter()


def test_commands_before_the_negotiation(abused_gate):
    with abused_gate.session(negotiate=False) as session:
        for command, data in (("C", b"x\0004\0\1" b"192.0.2.7\0"), ("H", b"x\0"),
                              ("M", b"<alice@example.com>\0"), ("R", b"<bob@example.net>\0"),
                              ("L", b"From\0alice@example.com\0"), ("N", b""), ("E", b"")):
            session.packet(command, data)
        assert session.closed_by_filter(1) or session.silent()


def test_a_second_negotiation(abused_gate):
    """Whatever comes of it, a message that then goes through is signed."""
    with abused_gate.session(timeout=1) as session:
        try:
            session.negotiate(protocol=P_ALL & ~P_HDR_LEADSPC)
            outcome = play(session)
        except (ConnectionClosed, ProtocolError, TimeoutError):
            return
    abused_gate.check_safe(outcome, leadspc=bool(session.options.protocol & P_HDR_LEADSPC))


def test_a_second_negotiation_within_a_message(abused_gate):
    player = abused_gate.player(timeout=1)
    message = Message()
    player.mail(message)
    player.rcpt(message.rcpts[0])
    session = player.session
    try:
        session.negotiate(protocol=P_ALL & ~P_HDR_LEADSPC)
        abused_gate.check_safe(player.message(message), leadspc=False)
    except (ConnectionClosed, ProtocolError, TimeoutError):
        pass


def test_many_connections_that_only_negotiate(gate):
    for _ in range(100):
        with Session(gate.daemon.socket) as session:
            session.quit()


def test_replies_are_sent_where_they_are_waited_for(gate):
    """Without SMFIP_NR_* each command has its one reply, and no second one comes after it."""
    with gate.session(protocol=P_HDR_LEADSPC) as session:
        session.macros(CONNECT, {"j": "mx.example.com"})
        assert session.connect().command == CONTINUE
        assert session.helo().command == CONTINUE
        session.macros(HELO, {"{tls_version}": "TLSv1.3", "{cipher}": "TLS_AES_256_GCM_SHA384",
                              "{cipher_bits}": "256"})
        session.macros(MAIL, Client().values("4Q"))
        assert session.mail("<alice@example.com>").command == CONTINUE
        assert session.rcpt("<bob@example.net>").command == CONTINUE
        assert session.data().command == CONTINUE
        assert session.header("From", " alice@example.com").command == CONTINUE
        assert session.eoh().command == CONTINUE
        assert session.body(b"text\r\n").command == CONTINUE
        assert session.eom().command in (ACCEPT, CONTINUE)
        assert session.silent()
    gate.record()
