"""Limits, as an MTA meets them: what is counted, when it is asked, and that nothing passes them."""

import concurrent.futures
import re

import pytest

from counting import file_of, is_held_back, limits, login, mail, people
from harness.milter_mta import EOM, MAIL, RCPT, Client, Player
from harness.milter_wire import F_ALL, F_SETSYMLIST, P_RCPT_REJ, Session
from harness.waiting import PATIENCE


def pass_on(gate, count, message=None, client=None):
    for _ in range(count):
        outcome = gate.play(message or mail(), client or login())
        assert outcome.accepted, outcome.reply.text


def test_messages_of_a_login(start_daemon):
    gate = start_daemon(limits('login = [ "3 messages/hour" ];'))
    pass_on(gate, 3)
    outcome = gate.play(mail())
    assert is_held_back(outcome, MAIL), outcome
    assert re.search(r"3 messages an hour: please try again in (5\d|6[01]) minutes", outcome.reply.text)
    assert is_held_back(gate.play(mail(), login("Alice@Example.com")), MAIL), "it is the same login"
    pass_on(gate, 1, mail("carol@example.com"), login("carol@example.com"))
    records = gate.records(6)
    assert [record["action"] for record in records] == ["accept"] * 3 + ["tempfail"] * 2 + ["accept"]


def test_recipients_are_held_back_one_by_one(start_daemon):
    gate = start_daemon(limits('login = [ "3 recipients/hour" ];'))
    outcome = gate.play(mail(rcpts=people(5)))
    assert [reply.code for reply in outcome.rcpts] == [2, 2, 2, 4, 4]
    assert outcome.rcpts[3].text.startswith("452 4.5.3 ") and "[limits.login " in outcome.rcpts[3].text
    gate.check_signed(outcome, mail(rcpts=people(5)))
    assert is_held_back(gate.play(mail()), MAIL)
    records = gate.records(4)
    assert records[2]["rcpt_count"] == 3


def test_what_shows_at_the_end(start_daemon):
    """Bytes, and the domain of From."""
    gate = start_daemon(limits('login = [ "10k bytes/hour" ]; domain = [ "2 messages/hour" ];'))
    big = mail(body=b"x" * 70 + b"\r\n" * 1000, rcpts=people(1))
    pass_on(gate, 1, big)
    outcome = gate.play(mail(body=(b"x" * 70 + b"\r\n") * 150))
    assert is_held_back(outcome, EOM), outcome
    org = mail("alice@example.org")
    pass_on(gate, 2, org, login("alice@example.org"))
    assert is_held_back(gate.play(org, login("alice@example.org")), EOM, "domain")
    pass_on(gate, 1, mail())
    gate.records(6)


def test_a_domain_in_all_its_spellings(start_daemon):
    """As many messages as it may send, however it is written."""
    owns = 'from: { mode = "off"; }; envelope: { mode = "off"; }; limits: {'
    gate = start_daemon(limits('domain = [ "4 messages/hour" ];').replace("limits: {", owns, 1))
    spellings = ["bücher.example", "xn--bcher-kva.example", "BÜCHER.example", "XN--BCHER-kva.Example"]
    for domain in spellings:
        pass_on(gate, 1, mail(f"alice@{domain}", mail_parameters=("SMTPUTF8",)))
    for domain in spellings:
        assert is_held_back(gate.play(mail(f"alice@{domain}", mail_parameters=("SMTPUTF8",))), EOM, "domain")
    assert {record["limits"]["domain"]["name"] for record in gate.records(8)} == {"xn--bcher-kva.example"}


def test_observed_limits_hold_nothing_back(start_daemon):
    gate = start_daemon(limits('login = [ "2 messages/hour", "3 recipients/hour" ];', mode="observe"))
    pass_on(gate, 4)
    assert gate.play(mail(rcpts=people(5))).accepted
    records = gate.records(5)
    assert all(record["action"] == "accept" for record in records)
    verdicts = [record["rules"]["limits"] if "rules" in record else record for record in records]
    assert "login" in str(verdicts[2]), verdicts[2]


def test_what_is_refused_was_not_sent(start_daemon):
    """For another reason, broken off, or held back by a limit itself."""
    gate = start_daemon(limits('login = [ "2 messages/hour", "6 recipients/hour" ];'))
    for _ in range(3):
        assert gate.play(mail("ceo@example.com")).reply.code == 5
        spoofed = mail().with_headers(("From", " <ceo@example.com>"), ("Date", " Fri, 20 Nov 2026 10:00:00 +0000"))
        assert gate.play(spoofed).stage == EOM
        player = gate.player(login())
        player.begin(mail(rcpts=people(3)))
        player.session.abort()
        player.session.close()
    assert gate.play(mail(rcpts=people(8))).accepted
    gate.records(6 + 2 + 1)
    assert is_held_back(gate.play(mail()), MAIL)
    gate.record()


@pytest.mark.parametrize("subject, limit, clients", [
    ("client", "client", [dict(address="192.0.2.1"), dict(address="192.0.2.1"), dict(address="192.0.2.2")]),
    ("network", "network", [dict(address="192.0.2.1"), dict(address="192.0.2.200"), dict(address="192.0.3.1")]),
    ("network", "network", [dict(address="2001:db8:0:1ff::1"), dict(address="2001:db8:0:100::2"),
                            dict(address="2001:db8:0:200::1")]),
], ids=["client", "network", "network6"])
def test_clients(start_daemon, subject, limit, clients):
    """Who comes from there, whatever login: the second is held back, the third comes from elsewhere."""
    gate = start_daemon(limits(f'{limit} = [ "1 messages/hour" ];'))
    pass_on(gate, 1, client=login(**clients[0]))
    assert is_held_back(gate.play(mail("carol@example.com"), login("carol@example.com", **clients[1])), MAIL, subject)
    pass_on(gate, 1, client=login(**clients[2]))
    gate.records(3)


def test_groups_and_the_whole_host(start_daemon):
    gate = start_daemon(limits('group = [ "2 messages/hour" ]; host = [ "4 messages/hour" ];')
                        + 'groups: ( { name = "sales"; logins = [ "alice@example.com", "carol@example.com" ]; } );')
    pass_on(gate, 1)
    pass_on(gate, 1, mail("carol@example.com"), login("carol@example.com"))
    assert is_held_back(gate.play(mail()), MAIL, "group")
    pass_on(gate, 2, mail("dave@example.com"), login("dave@example.com"))
    assert is_held_back(gate.play(mail("dave@example.com"), login("dave@example.com")), MAIL, "host")
    gate.records(6)


def test_refusals(start_daemon):
    """Ours and the MTA's; what a limit held back is none."""
    gate = start_daemon(limits('login = [ "3 refusals/hour" ]; client = [ "5 recipients/hour" ];'))
    assert gate.play(mail("ceo@example.com")).stage == MAIL
    player = gate.player(login())
    player.mail(mail())
    player.refused_rcpt("<nobody@example.net>")
    player.refused_rcpt("<nobody-else@example.net>", "5.7.1")
    player.session.abort()
    player.session.close()
    outcome = gate.play(mail(rcpts=people(9)))
    assert outcome.accepted and [reply.code for reply in outcome.rcpts] == [2] * 5 + [4] * 4
    pass_on(gate, 1, client=login(address="192.0.2.9"))
    assert gate.play(mail("ceo@example.com"), login(address="192.0.2.9")).stage == MAIL
    outcome = gate.play(mail(), login(address="192.0.2.9"))
    assert is_held_back(outcome, MAIL), outcome
    assert "refus" in outcome.reply.text
    gate.records(1 + 5 + 1 + 1 + 1)


def test_a_message_held_back_for_refusals_was_not_sent(start_daemon):
    """Of another session's recipients, while it is on its way."""
    gate = start_daemon(limits('login = [ "3 refusals/hour" ];'))
    player, other = gate.player(login()), gate.player(login())
    message = mail()
    assert player.mail(message).goes_on and player.rcpt(message.rcpts[0]).goes_on
    player.data()
    for field in message.headers:
        player.header(*field)
    player.eoh()
    player.body(message.body)
    other.mail(mail())
    for number in range(4):
        other.refused_rcpt(f"<nobody{number}@example.net>")
    other.session.abort()
    other.session.close()
    reply = player.eom()
    assert reply.code == 4 and "refus" in reply.text
    gate.record()
    assert is_held_back(gate.play(message), MAIL)
    counted = gate.record()["limits"]["login"]
    assert counted["refusals"] == [4, 4, 4] and "messages" not in counted


def test_recipients_that_the_mta_refuses_are_not_the_messages(start_daemon):
    gate = start_daemon(limits('login = [ "2 recipients/hour" ];'))
    player = gate.player(login())
    assert player.session.options.protocol & P_RCPT_REJ
    message = mail(rcpts=people(2))
    assert player.mail(message).goes_on
    for number in range(5):
        player.refused_rcpt(f"<nobody{number}@example.net>")
    for rcpt in message.rcpts:
        assert player.rcpt(rcpt).goes_on
    player.data()
    for field in message.headers:
        player.header(*field)
    player.eoh()
    player.body(message.body)
    assert player.eom().code == 2
    record = gate.record()
    assert record["rcpt_count"] == 2 and "nobody" not in str(record)


@pytest.mark.parametrize("macros", [
    {"{rcpt_mailer}": "error", "{rcpt_host}": "mail to example.net is not taken any more"},
    {"{rcpt_mailer}": "smtp", "{rcpt_host}": "5.1.1"}, {},
], ids=["a route to error", "a host like a code", "nothing"])
def test_recipients_that_the_mta_takes_are_judged(start_daemon, macros):
    """Whatever route they have."""
    gate = start_daemon(limits('login = [ "1 recipients/hour" ];'))
    player = gate.player(login())
    assert player.mail(mail()).goes_on
    codes = []
    for rcpt in people(2):
        player._macros(RCPT, macros)
        codes.append(player.session.rcpt(f"<{rcpt}>").code)
    assert codes == [2, 4]
    gate.record()


def test_refused_recipients_are_only_asked_for_where_the_mta_names_them(start_daemon):
    gate = start_daemon()
    with Session(gate.daemon.socket, actions=F_ALL & ~F_SETSYMLIST) as session:
        assert not session.options.protocol & P_RCPT_REJ
    with Session(gate.daemon.socket) as session:
        assert session.options.protocol & P_RCPT_REJ
        assert {"{rcpt_mailer}", "{rcpt_host}"} <= set(session.options.symbols[RCPT])


def test_new_recipients(start_daemon):
    """Who was written to before is no longer new, nor is one who is named twice; what was not sent teaches
    nothing."""
    gate = start_daemon(limits('login = [ "3 new/hour" ];'))
    player = gate.player(login())
    player.begin(mail(rcpts=people(3)))
    player.session.abort()
    player.session.close()
    outcome = gate.play(mail(rcpts=["person0@example.net", "Person0@Example.NET", *people(2)]))
    assert outcome.accepted and all(reply.goes_on for reply in outcome.rcpts)
    outcome = gate.play(mail(rcpts=people(6)))
    assert [reply.code for reply in outcome.rcpts] == [2, 2, 2, 4, 4, 4] and outcome.accepted
    assert all(reply.goes_on for reply in gate.play(mail(rcpts=people(3))).rcpts)
    outcome = gate.play(mail("carol@example.com", rcpts=people(4)), login("carol@example.com"))
    assert [reply.code for reply in outcome.rcpts] == [2, 2, 2, 4], "each login has correspondents of its own"
    gate.records(1 + 4 + 1 + 2)


def test_containment_keeps_correspondents(start_daemon):
    gate = start_daemon(limits(contain='"4 recipients/hour"'))
    assert gate.play(mail(rcpts=people(2))).accepted
    assert gate.play(mail(rcpts=people(2))).accepted
    outcome = gate.play(mail(rcpts=people(3)))
    assert [reply.code for reply in outcome.rcpts] == [2, 2, 4] and outcome.accepted
    assert "[limits.contain " in outcome.rcpts[2].text
    assert gate.play(mail(rcpts=people(2))).accepted
    outcome = gate.play(mail(rcpts=["stranger@example.net"]))
    assert outcome.stage == RCPT and outcome.reply.code == 4
    gate.records(6)


def test_who_was_written_to_just_now_is_not_known_yet(start_daemon):
    gate = start_daemon(limits(contain='"2 recipients/hour"').replace('known_after = "0"', 'known_after = "1h"'))
    assert gate.play(mail(rcpts=people(2))).accepted
    assert gate.play(mail(rcpts=people(2))).stage == RCPT
    gate.records(3)


def test_mail_without_a_login(start_daemon):
    """The host's own mail is counted for the host and for its domain."""
    gate = start_daemon('policies: { local: { limits: { mode = "enforce"; host = [ "2 messages/hour" ]; }; }; };')
    local = login(None, address="127.0.0.1", port=25, tls=None)
    pass_on(gate, 2, client=local)
    assert is_held_back(gate.play(mail(), local), MAIL, "host")
    pass_on(gate, 1)
    gate.records(4)


def test_where_no_rule_asks_nothing_is_counted(start_daemon):
    gate = start_daemon('policies: { submission: { limits: { mode = "enforce"; host = [ "1 messages/hour" ]; }; }; };')
    stranger = login(None, address="203.0.113.5", port=25, tls=None)
    foreign = mail("eve@elsewhere.example", rcpts=["alice@example.com"])
    for _ in range(3):
        assert gate.play(foreign, stranger).accepted
    pass_on(gate, 1)
    assert is_held_back(gate.play(mail()), MAIL, "host")
    gate.records(5)


def play_many(gate, sessions, each):
    """How many of so many messages on so many sessions at a time pass."""
    def client(_):
        passed = 0
        with Session(gate.daemon.socket, timeout=PATIENCE) as session:
            player = Player(session, login())
            assert player.open() is None
            for _ in range(each):
                outcome = player.message(mail(rcpts=people(2)))
                assert outcome.accepted or outcome.reply.code == 4, outcome
                passed += outcome.accepted
            session.quit()
        return passed

    with concurrent.futures.ThreadPoolExecutor(sessions) as pool:
        return sum(pool.map(client, range(sessions)))


def test_concurrent_sessions_never_pass_a_limit(start_daemon):
    gate = start_daemon(limits('login = [ "25 messages/hour", "1000 recipients/hour" ];'))
    assert play_many(gate, 12, 6) == 25
    gate.records(72)


def test_concurrent_recipients_never_pass_a_limit(start_daemon):
    """All are let in at RCPT, as each of them still may be one that fits; the end decides."""
    gate = start_daemon(limits('login = [ "10 recipients/hour" ];'))
    players = [gate.player(login()) for _ in range(10)]
    for player in players:
        outcome = player.begin(mail(rcpts=people(3)))
        assert all(reply.goes_on for reply in outcome.rcpts)
    codes = []
    for player in players:
        player.body(b"x\r\n")
        codes.append(player.eom())
    assert [reply.code for reply in codes] == [2] * 3 + [4] * 7
    assert codes[-1].text.startswith("451 4.7.1 ") and "[limits.login " in codes[-1].text
    gate.records(10)


def test_a_reload_keeps_what_was_counted(start_daemon):
    """And brings other limits, but no other counters."""
    gate = start_daemon(limits('login = [ "100 messages/hour" ];'))
    pass_on(gate, 2)
    config = gate.records(2)[0]["config"]
    gate.daemon.configure(limits('login = [ "3 messages/hour" ];', file=file_of(gate.daemon.folder)))
    gate.daemon.reload()
    gate.daemon.wait_for_log("reloaded: ", PATIENCE)
    assert "counters was changed: that comes into force at the next start only" in gate.daemon.log()
    pass_on(gate, 1)
    assert gate.record()["config"] != config
    assert is_held_back(gate.play(mail()), MAIL)
    gate.record()
    assert not file_of(gate.daemon.folder).exists()


def test_what_counts_can_be_changed_without_a_word(start_daemon):
    gate = start_daemon(limits('login = [ "100 messages/hour" ];'))
    gate.daemon.configure(limits('login = [ "2 messages/hour" ];').replace(
        'known_after = "0"', 'known_after = "1h"; network_bits_ipv4 = 16'))
    gate.daemon.reload()
    gate.daemon.wait_for_log("reloaded: ", PATIENCE)
    assert "next start" not in gate.daemon.log()


SIGN = """\
policies: {{ submission: {{ many_refusals: {{ mode = "{mode}"; then = "{then}"; max_hour = 2; for = "{lasts}"; }}; }}; }};
counters: {{ known_after = "0"; }};
"""


def sign(then, mode="enforce", lasts="1h"):
    return SIGN.format(then=then, mode=mode, lasts=lasts)


def be_refused(gate, count):
    for _ in range(count):
        assert gate.play(mail("ceo@example.com")).reply.code == 5


def test_a_login_is_frozen_at_once(start_daemon):
    """In all sessions, wherever they are, by the first message that shows the sign."""
    gate = start_daemon(sign("freeze"))
    at_mail, at_rcpt, at_end = players = [gate.player(login()) for _ in range(3)]
    message = mail(rcpts=people(1))
    for player in players:
        assert player.mail(message).goes_on
    for player in (at_rcpt, at_end):
        assert player.rcpt(message.rcpts[0]).goes_on
    for step in (at_end.data, *(lambda field=field: at_end.header(*field) for field in message.headers), at_end.eoh):
        step()
    at_end.body(b"x\r\n")
    be_refused(gate, 3)
    found = gate.play(mail())
    assert found.stage == RCPT and "[login_state.frozen " in found.reply.text, found
    for reply in (at_mail.rcpt("<bob@example.net>"), at_rcpt.rcpt("<bob@example.net>"), at_end.eom()):
        assert reply.text.startswith("451 4.7.1 ") and "[login_state.frozen " in reply.text, reply
    assert gate.play(mail()).stage == MAIL
    pass_on(gate, 1, mail("carol@example.com"), login("carol@example.com"))
    records = gate.records(3 + 1 + 3 + 1 + 1)
    assert records[3]["contained"] == "frozen"
    assert records[3]["limits"]["standing"]["cause"] == "many_refusals.hour"
    assert records[3]["limits"]["login"]["refusals"] == [3, 3, 3]


def test_a_slowed_login_writes_to_whom_it_knows(start_daemon):
    gate = start_daemon(sign("slow"))
    pass_on(gate, 1, mail(rcpts=people(2)))
    be_refused(gate, 3)
    outcome = gate.play(mail(rcpts=people(4)))
    assert outcome.accepted and [reply.code for reply in outcome.rcpts] == [2, 2, 4, 4]
    assert "[login_state.slowed " in outcome.rcpts[2].text
    outcome = gate.play(mail(rcpts=people(2, first=2)))
    assert outcome.stage == RCPT and outcome.reply.code == 4
    gate.records(1 + 3 + 3 + 2)


def test_what_a_limit_holds_back_makes_no_thief(start_daemon):
    """Nor does what a slowed login is told, however often its program tries."""
    gate = start_daemon(sign("freeze").replace("many_refusals: {", 'limits: { mode = "enforce"; contain = [ ]; '
                                               'login = [ "1 recipients/hour" ]; }; many_refusals: {'))
    pass_on(gate, 1)
    for _ in range(5):
        assert is_held_back(gate.play(mail()), MAIL)
    gate.records(6)


def test_an_observed_sign_leads_to_nothing(start_daemon):
    gate = start_daemon(sign("freeze", mode="observe"))
    be_refused(gate, 4)
    pass_on(gate, 2)
    gate.records(6)


def test_what_may_come_again_is_no_refusal(start_daemon):
    """Recipients past recipients.max, which programs send in a second message, and such as the MTA takes later: a
    name server that does not answer makes no thieves."""
    gate = start_daemon(sign("freeze").replace("many_refusals: {", "recipients: { max = 5; }; many_refusals: {"))
    outcome = gate.play(mail(rcpts=people(20)))
    assert outcome.accepted and [reply.code for reply in outcome.rcpts] == [2] * 5 + [4] * 15
    player = gate.player(login())
    assert player.mail(mail()).goes_on
    for number in range(20):
        player.refused_rcpt(f"<nobody{number}@example.net>", "4.1.2")
    assert player.rcpt("<bob@example.net>").goes_on
    player.session.abort()
    pass_on(gate, 1)
    records = gate.records(15 + 1 + 1)
    assert all("refusals" not in record["limits"]["login"] for record in records), records[-1]


def test_strangers_stop_nobodys_mail(start_daemon):
    """Whoever may connect can be refused: that counts for where he comes from, and not for the whole host."""
    gate = start_daemon(limits('host = [ "3 refusals/hour" ]; client = [ "3 refusals/hour" ];'))
    stranger = Client(login=None, address="198.51.100.7")
    for _ in range(5):
        assert gate.play(mail(), stranger).stage == MAIL
    pass_on(gate, 1)
    records = gate.records(5 + 1)
    assert "refusals" not in records[5]["limits"]["host"], records[5]
