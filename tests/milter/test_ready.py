"""submilterctl ready: whom a stricter setting would refuse, and that it then refuses them and nobody else."""

import json
import re

import pytest

from daemon import CONFIG, HISTORY
from gate import Gate
from harness.milter_mta import Client, Message
from look_back import ask, complaint
from looked_at import HOSTILE, wait_for_rows

TLS12 = ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "128")
TLS11 = ("TLSv1.1", "AES256-SHA", "256")
LENIENT = """\
policies: {{ submission: {{
  tls: {{ mode = "observe"; {tls} }};
  auth: {{ mode = "observe"; {auth} }};
  envelope: {{ mode = "off"; }}; from: {{ mode = "off"; }}; dkim: {{ mode = "off"; }};
}}; }};
"""

# who -> how they come in
CLIENTS = {
    "new": Client(login="new@example.com", mechanism="SCRAM-SHA-256"),
    "plain": Client(login="plain@example.com"),
    "old": Client(login="old@example.com", mechanism="LOGIN", tls=TLS12, address="198.51.100.4", helo="printer"),
    "older": Client(login="older@example.com", mechanism="PLAIN", tls=TLS11, address="2001:db8::4"),
    "bare": Client(login="bare@example.com", mechanism="CRAM-MD5", tls=None),
    "nobody": Client(login=None, mechanism=None, tls=TLS12, address="203.0.113.4"),
    "certified": Client(login="certified@example.com", macros={"{cert_subject}": "/CN=c", "{cert_issuer}": "/CN=ca",
                                                               "{verify}": "OK"}),
}


def configuration(policies, tls="", auth=""):
    """As a template once more: Daemon puts its folder into it."""
    return CONFIG + HISTORY + policies.format(tls=tls, auth=auth).replace("{", "{{").replace("}", "}}")


def send(gate):
    """who -> whether their message was accepted"""
    accepted = {}
    for who, client in CLIENTS.items():
        accepted[who] = gate.play(Message(), client).accepted
        gate.record()
    return accepted


@pytest.fixture(scope="module")
def site(request):
    from daemon import Daemon
    daemon = Daemon(config=configuration(LENIENT))
    request.addfinalizer(daemon.remove)
    assert all(send(Gate(daemon.start())).values()), "nothing is enforced"
    wait_for_rows(daemon, len(CLIENTS))
    yield daemon
    assert daemon.stop() == 0, daemon.log()[-4000:]


def would_break(answer):
    return {who for who, client in CLIENTS.items() for user in answer["who"]
            if user["login"] == client.login and (client.login or "203.0.113.0/24" in user["networks"])}


WORDS = [
    (("tls1.3",), "tls", {"old", "older", "bare", "nobody"}),
    (("tls1.2",), "tls", {"older", "bare"}),
    (("no-plaintext",), "tls", {"older", "bare"}),  # the default's TLS 1.2 is enforced with it
    (("cipher-bits", "256"), "tls", {"old", "older", "bare", "nobody"}),
    (("no-cipher", TLS12[1]), "tls", {"old", "older", "bare", "nobody"}),
    (("client-certificate",), "tls", set(CLIENTS) - {"certified"}),
    (("login",), "auth", {"nobody", "bare"}),  # CRAM-MD5 is none of the default's mechanisms
    (("no-plain",), "auth", {"plain", "older", "certified", "nobody", "bare"}),
    (("only-mechanisms", "SCRAM-SHA-256"), "auth", set(CLIENTS) - {"new"}),
]


@pytest.mark.parametrize("words, rule, broken", WORDS, ids=[row[0][0] for row in WORDS])
def test_what_is_foretold_comes_true(site, start_daemon, words, rule, broken):
    """The change is made, by the setting that the answer names, and the same clients come again."""
    answer = json.loads(ask(site, "ready", *words, "--json", status=1))
    assert would_break(answer) == broken, answer
    assert answer["messages"] == answer["asked"] == len(CLIENTS) and answer["would_refuse"] == len(broken)
    assert (answer["change"]["rule"], answer["change"]["mode_today"]) == (rule, "observe")
    policies = LENIENT.replace(f'{rule}: {{{{ mode = "observe"', f'{rule}: {{{{ mode = "enforce"')
    setting = answer["change"]["setting"]
    more = {} if setting.startswith("mode") else {rule: f"{setting};"}
    gate = start_daemon(config=configuration(policies, **more))
    assert {who for who, accepted in send(gate).items() if not accepted} == broken
    # Now nobody is left to break, and that is said over how many.
    wait_for_rows(gate.daemon, len(CLIENTS))
    after = json.loads(ask(gate.daemon, "ready", *words, "--json"))
    assert after["who"] == [] and after["refused_already"] == len(broken) and after["messages"] == len(CLIENTS)


def test_what_an_admin_reads(site):
    text = ask(site, "ready", "tls1.3", status=1)
    assert 'tls1.3: policies.submission.tls.min_version = "TLSv1.3" refuses TLS 1.2 and older' in text
    assert "the rule's mode is \"observe\" there today" in text
    assert re.search(r"looked at 7 messages of 6 logins, from \S+ \S+ to \S+ \S+; the change is for 7 of them", text)
    assert "3 logins and 1 client network without a login would be refused, with 4 messages" in text
    row = next(line for line in text.splitlines() if line.startswith("old@example.com"))
    assert [*row.split()][1] == "1" and "TLSv1.2" in row and "LOGIN" in row and "printer" in row
    assert "198.51.100.0/24" in row
    assert "(no login) 203.0.113.0/24" in text and "2001:db8::/64" in text
    assert "new@example.com" not in text


def test_what_the_rule_would_refuse_without_the_change(site):
    """Both are counted apart: auth is only observed, and nobody and bare are against it as it is."""
    answer = json.loads(ask(site, "ready", "no-plain", "--json", status=1))
    assert (answer["would_refuse"], answer["would_refuse_as_set"]) == (5, 2)
    assert "with 5 messages: 3 by this change, 2 by auth as it is set today, were it enforced" in \
        ask(site, "ready", "no-plain", status=1)
    answer = json.loads(ask(site, "ready", "login", "--json", status=1))
    assert (answer["would_refuse"], answer["would_refuse_as_set"]) == (2, 0), "the change is the mode"


def test_a_mechanism_that_nobody_used(site):
    """Neither among those that came in nor among those that may: a slip."""
    text = ask(site, "ready", "no-mechanism", "PLAYN", "cram-md5", "SCRAM-SHA-1", "FOOBAR", status=1)
    assert "nobody used PLAYN: did you mean PLAIN?\n" in text and "nobody used FOOBAR\n" in text
    assert text.count("nobody used") == 2
    answer = json.loads(ask(site, "ready", "no-mechanism", "PLAYN", "FOOBAR", "--json", status=1))
    assert answer["unused"] == [{"name": "PLAYN", "nearest": "PLAIN"}, {"name": "FOOBAR", "nearest": None}]
    assert json.loads(ask(site, "ready", "no-plain", "--json", status=1))["unused"] == []


def test_files_of_records_tell_the_same(site):
    assert json.loads(ask(site, "ready", "tls1.3", "--json", "--file", site.records_file, status=1))["who"] == \
        json.loads(ask(site, "ready", "tls1.3", "--json", status=1))["who"]


def test_nobody_over_nothing_says_so(site):
    text = ask(site, "ready", "tls1.3", "--since", "1h", "--until", "1h")
    assert "looked at 0 messages of 0 logins" in text and "this says nothing" in text


def test_another_policy(site):
    assert json.loads(ask(site, "ready", "tls1.3", "--policy", "inbound", "--json"))["other_policies"] == len(CLIENTS)
    assert '--policy: there is no policy "submision"' in complaint(site, "ready", "tls1.3", "--policy", "submision",
                                                                  status=64)


def test_words_are_listed(site):
    text = ask(site, "ready")
    for words, *_ in WORDS:
        assert re.search(rf"^{re.escape(words[0])}\b", text, re.MULTILINE), words
    assert "there is no \"tls1.4\" to get ready for" in complaint(site, "ready", "tls1.4", status=64)


def test_what_clients_say_cannot_steer(start_daemon):
    gate = start_daemon(config=configuration(LENIENT))
    gate.play(Message(), Client(helo=HOSTILE, tls=TLS12, mechanism="PLAIN"))
    wait_for_rows(gate.daemon, 1)
    text = ask(gate.daemon, "ready", "tls1.3", status=1)
    assert "\\x1b[2J" in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", text), repr(text)
