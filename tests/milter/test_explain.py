"""submilterctl explain: the words for a decision, found by whatever an admin has of it."""

import base64
import gzip
import json
import os
import quopri
import re
import shlex
import shutil
import subprocess

import pytest

from daemon import USER, Daemon
from gate import Gate
from harness.waiting import wait_until
from look_back import ask, command, complaint
from looked_at import (HOSTILE, MAIL, OBSERVING, SENDERS, WOULD_BE_REFUSED, configuration, send, send_all,
                        wait_for_rows)
from test_log import STEERS


@pytest.fixture(scope="module")
def site():
    """A daemon that has judged all of MAIL, and the records by their names."""
    daemon = Daemon(config=configuration())
    (daemon.folder / "senders").write_text(SENDERS)
    if os.getuid() == 0:
        shutil.chown(daemon.folder / "senders", USER)
    try:
        daemon.sent = send_all(Gate(daemon.start()))
        yield daemon
        assert daemon.stop() == 0, daemon.log()[-4000:]
    finally:
        daemon.remove()


@pytest.fixture(scope="module")
def observing():
    """A daemon that had one mail, which several observed rules would have refused."""
    inbound = 'policies: {{ inbound: {{ from: {{ mode = "observe"; }}; }}; submission'
    daemon = Daemon(config=configuration(OBSERVING.replace("policies: {{ submission", inbound)))
    (daemon.folder / "senders").write_text(SENDERS)
    if os.getuid() == 0:
        shutil.chown(daemon.folder / "senders", USER)
    try:
        gate = Gate(daemon.start())
        gate.play(WOULD_BE_REFUSED)
        daemon.key = gate.record()["id"]
        wait_for_rows(daemon, 1)
        yield daemon
        assert daemon.stop() == 0, daemon.log()[-4000:]
    finally:
        daemon.remove()


def explain(site, name, *arguments, **options):
    return ask(site, "explain", site.sent[name]["id"], *arguments, **options)


def line(text, start):
    """The one line that begins so."""
    found = [row for row in text.splitlines() if row.startswith(start)]
    assert len(found) == 1, text
    return found[0]


def rule(text, name):
    """A rule's line and those below it."""
    rows = text.splitlines()
    at = next(number for number, row in enumerate(rows) if re.match(rf"[> ] {name} ", row))
    end = at + 1
    while rows[end].startswith(" " * 10):
        end += 1
    return rows[at:end]


@pytest.mark.parametrize("form", ["{id}", "[from.not-owned {id}]", "{lower}", "... (in reply) [from.not-owned {id}]",
                                  "550 5.7.1 nobody may [from.not-owned {lower}]\n"])
def test_found_by_its_id(site, form):
    """As it stands in a bounce; the whole bracket will do, in any case."""
    key = site.sent["not-owned"]["id"]
    text = ask(site, "explain", form.format(id=key, lower=key.lower()))
    assert text.startswith(f"Decision {key}: refused (from.not-owned)\n")


def test_found_by_the_words_of_a_bracket(site):
    """A shell cuts the bracket in two where nobody quotes it."""
    key = site.sent["not-owned"]["id"]
    assert ask(site, "explain", "[from.not-owned", f"{key}]").startswith(f"Decision {key}:")


def test_letters_that_are_read_for_digits(site):
    key = site.sent["not-owned"]["id"]
    assert "0" in key
    assert ask(site, "explain", key.replace("0", "o").replace("1", "l")).startswith(f"Decision {key}:")


@pytest.mark.parametrize("form", ["4Twice0", "4Twice0:", "[4Twice0]"])
def test_all_of_a_queue_id(site, form):
    text = ask(site, "explain", form)
    first, second = site.sent["stranger"]["id"], site.sent["again"]["id"]
    assert text.index(f"Decision {first}") < text.index(f"Decision {second}")
    assert text.count("Decision ") == 2


def test_a_queue_id_of_some_time(site):
    """Old Postfixes give one again."""
    assert ask(site, "explain", "4Twice0", "--since", "2000-01-01").count("Decision ") == 2
    assert "no decision with the queue id 4Twice0" in complaint(site, "explain", "4Twice0", "--until", "2000-01-01",
                                                                status=1)


@pytest.mark.parametrize("laid_out", [None, 2])
def test_a_file_with_a_record(site, tmp_path, laid_out):
    path = tmp_path / "record.json"
    path.write_text("\n".join(json.dumps(site.sent[name], indent=laid_out) for name in ("accepted", "mended")))
    text = ask(site, "explain", path)
    assert [part.split(":")[0] for part in re.findall("^Decision .*", text, re.MULTILINE)] == [
        f"Decision {site.sent[name]['id']}" for name in ("accepted", "mended")]
    assert ask(site, "explain", "-", stdin=path.read_text()) == text


def test_a_saved_bounce(site, tmp_path):
    """A text that names decisions: they are looked up."""
    path = tmp_path / "bounce.eml"
    ids = [site.sent[name]["id"] for name in ("not-owned", "at-mail")]
    path.write_text(f"Subject: failed\n\n<x@y>: 550 5.7.1 [from.not-owned {ids[0]}]\n"
                    f"550 [envelope.not-owned {ids[1]}]\nonce more {ids[0]}\n")
    assert re.findall("^Decision (.{26})", ask(site, "explain", path), re.MULTILINE) == ids


@pytest.mark.parametrize("encode", [
    base64.encodebytes, lambda text: quopri.encodestring(text).replace(b"01", b"0=\n1", 1),
    lambda text: text.replace(b"01", b"0\r\n 1", 1)], ids=["base64", "quoted", "wrapped"])
def test_a_saved_bounce_of_parts(site, tmp_path, encode):
    """As it travelled: whatever program sent it has encoded the words, or broken their lines."""
    path, key = tmp_path / "bounce.eml", site.sent["not-owned"]["id"]
    told = ("Zürich: " + "Ihre Nachricht wurde abgewiesen. " * 3 + f"[from.not-owned {key}]\n").encode()
    path.write_bytes(b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n" + encode(told) + b"\r\n--a--\r\n")
    assert key.encode() not in path.read_bytes()
    assert ask(site, "explain", path).startswith(f"Decision {key}: refused")


def test_an_id_that_was_copied_badly(site):
    key = site.sent["not-owned"]["id"]
    for broken in (f"{key[:9]} {key[9:]}", f"[from.not-owned {key[:9]}\n{key[9:]}]"):
        assert ask(site, "explain", broken).startswith(f"Decision {key}: refused")
    assert "an id has 26 characters; this has 25" in complaint(site, "explain", key[:-1], status=1)
    assert "this has 27" in complaint(site, "explain", f"[from.not-owned {key}7]", status=1)


def test_an_id_of_a_time_that_the_history_holds(site):
    """There is no use in looking elsewhere."""
    key = site.sent["not-owned"]["id"][:-8] + "00000000"
    said = complaint(site, "explain", key, status=1)
    assert "JSON log" not in said and "look the id up once more" in said


def test_from_json_lines(site):
    """Where there is no history; what was set is known while it is in force."""
    text = explain(site, "not-owned", "--file", site.records_file)
    assert text.startswith("Decision ") and "senders.tables = " in text


def test_circumstances(site):
    text = explain(site, "accepted")
    assert re.fullmatch(r"when +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}", line(text, "when"))
    assert line(text, "queue id").endswith(" 4AccepTed0")
    assert line(text, "login").endswith(" alice@example.com, by PLAIN")
    assert line(text, "client").endswith(" 192.0.2.7 (client.example.net), HELO laptop.example.net, to port 587")
    assert line(text, "TLS").endswith(" TLSv1.3, TLS_AES_256_GCM_SHA384, 256 bits")
    assert line(text, "listener").endswith(" submission, so policy submission")
    assert line(text, "MAIL FROM").endswith(" <alice@example.com>")
    assert line(text, "to ").endswith(" <bob@example.net>")
    assert line(text, "From field").endswith(" alice@example.com")
    assert line(text, "Message-ID").endswith(" <20261121.1@example.com>")


def test_what_never_came(site):
    text = explain(site, "at-mail")
    assert "it was turned away at MAIL" in line(text, "queue id")
    assert "From field" not in text and "header fields" not in text
    text = explain(site, "no-login")
    assert line(text, "login").endswith(" none")


@pytest.mark.parametrize("name, asked, words", [
    ("accepted", "from", ["  from  enforced  passed  owned: alice@example.com",
                          "alice@example.com: granted by texthash:{folder}/senders:2 alice@example.com"]),
    ("of-bob", "from", ["  from  enforced  passed  owned: bob@example.com",
                        "bob@example.com: granted by texthash:{folder}/senders:3 bob@example.com"]),
    ("not-owned", "from", ["> from  enforced  refused  not-owned: ceo@example.com",
                           "ceo@example.com: refused by a row that names others: texthash:{folder}/senders:4 "
                           "ceo@example.com"]),
    ("stranger", "from", ["> from  enforced  refused  not-owned: x@example.net",
                          "x@example.net: no row of the senders' tables is for it"]),
    ("at-mail", "envelope", ["> envelope  enforced  refused  not-owned: ceo@example.com",
                             "ceo@example.com: refused by a row that names others: texthash:{folder}/senders:4 "
                             "ceo@example.com"]),
    ("no-login", "auth", ["> auth  enforced  refused  none"]),
    ("observed", "display_name", ["  display_name  observed  would refuse  other-address: ceo@evil.org",
                                  "ceo@evil.org: no row of the senders' tables is for it"]),
    ("mended", "trust_headers", ["> trust_headers  enforced  mended  field: X-Spam-Status"]),
    ("mended", "header_once", ["  header_once  enforced  passed"]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_rules(site, name, asked, words):
    """Each with its mode, outcome, reason, fact, and the row that settled whose an address is."""
    found = [re.sub(r"(?<=\S) {2,}", "  ", row).rstrip() for row in rule(explain(site, name), asked)]
    expected = [row.format(folder=site.folder) for row in words]
    assert [found[0], *(row.strip() for row in found[1:])] == expected


def test_all_rules_are_told(site):
    """In the order of the record; the others are named too."""
    text, record = explain(site, "accepted"), site.sent["accepted"]
    told = re.findall(r"^[> ] (\w+) +(?:enforced|observed) ", text, re.MULTILINE)
    assert told == [verdict["rule"] for verdict in record["verdicts"]]
    assert "local_spoof" in line(text, "  not asked")


def test_edits_before_and_after(site):
    text, record = explain(site, "mended"), site.sent["mended"]
    after = next(edit["value"] for edit in record["edits"] if edit["name"] == "Message-ID")
    assert f"""\
  replaced Message-ID (message_id)
      before: broken
      after:  {after}
""" in text
    assert """\
  taken out X-Spam-Status (trust_headers)
      before: (not in the record; with log.capture = "headers" it would be)
""" in text
    assert "  taken out X-Spam-Status no. 2 (trust_headers)\n" in text


def test_edits_where_headers_are_captured():
    """With every field's own bytes, folds and all; and such as are no text."""
    captured = configuration().replace('decisions.jsonl";', 'decisions.jsonl"; capture = "headers";')
    daemon = Daemon(config=captured)
    (daemon.folder / "senders").write_text(SENDERS)
    try:
        gate = Gate(daemon.start())
        message = MAIL["mended"][0].plus(("X-Spam-Score", b" a\xffb"))
        gate.play(message)
        words = ask(daemon, "explain", gate.record()["id"], "--file", daemon.records_file)
        assert "      before: no, really\n" in words
        assert "      before: second\\x0a folded\n" in words
        assert "      before: a\\xffb\n" in words
        assert daemon.stop() == 0
    finally:
        daemon.remove()


def test_signatures(site):
    text = explain(site, "accepted")
    for signature in site.sent["accepted"]["signatures"]:
        assert "  d={d} s={s} a={a}\n".format(**signature) in text
    assert text.count("  d=example.com ") == 2
    assert "Signatures:\n  none: the message did not leave\n" in explain(site, "not-owned")


def test_why_nothing_was_signed_that_was_only_observed():
    """With a key and without."""
    more = 'policies: {{ submission: {{ dkim: {{ mode = "observe"; }}; }}; }};\n'
    daemon = Daemon(config=configuration(more))
    (daemon.folder / "senders").write_text(SENDERS)
    try:
        gate = Gate(daemon.start())
        record = send(gate, "accepted")
        wait_for_rows(daemon, 1)
        words = "Signatures:\n  none: the rule dkim only observes in policy submission"
        assert f"{words}\n" in ask(daemon, "explain", record["id"])
        shutil.rmtree(daemon.folder / "keys" / "example.com")
        daemon.reload()
        wait_until(lambda: "reloaded:" in daemon.log(), "the reload", explain=daemon.log)
        record = send(gate, "accepted")
        wait_for_rows(daemon, 2)
        assert f"{words}, and there is no key for its domain\n" in ask(daemon, "explain", record["id"])
        assert daemon.stop() == 0, daemon.log()
    finally:
        daemon.remove()


def test_what_can_be_done(site):
    text, record = explain(site, "not-owned"), site.sent["not-owned"]
    assert record["reply"] in text
    assert "If alice@example.com is to use ceo@example.com" in text
    assert f"submilterctl -c {site.config} who ceo@example.com" in text
    assert f"submilterctl -c {site.config} log --since 7d --rule from --reason not-owned" in text
    assert 'policies.submission.from.mode = "observe"' in text
    assert "What you can do" not in explain(site, "accepted")
    assert f"submilterctl -c {site.config} log --since 7d --would --rule display_name" in explain(site, "observed")
    for name in ("stranger", "no-login", "at-mail"):
        for given in re.findall(rf"submilterctl -c {site.config} (log .*)", explain(site, name)):
            ask(site, *given.split())  # what it says can be done can be typed


def test_what_would_have_been(observing):
    """Said first, and with advice for it, before what was mended."""
    text = ask(observing, "explain", observing.key)
    assert text.startswith(f"Decision {observing.key}: accepted (mended); would have been refused: "
                           "auth.mechanism recipients.too-many from.not-owned\n")
    advice = text[text.index("What you can do:"):text.index("Settings then")]
    assert "  from.not-owned, which is only observed and would have stopped it:\n" in advice
    assert "If alice@example.com is to use ceo@example.com, its row of the senders' tables" in advice
    assert "The mechanisms that are taken: policies.submission.auth.mechanisms\n" in advice
    assert "log --since 7d --would --rule from --reason not-owned" in advice
    assert advice.index("senders' tables") < advice.index("message_id.")
    assert "Only observed, and nothing came of it" not in text


def test_settings_of_others_are_left_out(observing):
    """Another policy's, another listener's, and what has no part in a decision."""
    text = ask(observing, "explain", observing.key).partition("Settings then")[2]
    assert 'policies.submission.from.mode = "observe"' in text and "policies.submission.recipients.max = 1" in text
    assert 'listeners.name = "submission"' in text and "listeners.ports = [ 465, 587 ]" in text
    assert 'listeners.name = "local"' not in text and "listeners.clients" not in text
    assert "policies.inbound" not in text and "history." not in text
    for part in ("domains = ", "senders.tables = ", "dkim.keys = ", "log.json = "):
        assert f"  {part}" in text


def test_settings_in_force(site):
    """Those that are no defaults, with their file and line; and all of the rule that decided."""
    text = explain(site, "not-owned")
    number = next(at for at, row in enumerate(site.config.read_text().splitlines(), 1) if row.startswith("domains"))
    assert f'  domains = [ "example.com", "example.org" ]   # {site.config}:{number}\n' in text
    assert '  policies.submission.from.mode = "enforce"   # default\n' in text
    assert "policies.submission.sender.mode" not in text and "timeout" not in text
    assert f"configuration {site.sent['not-owned']['config']}" in text
    assert "it is the one in the files now" in text


def test_settings_that_have_changed(site):
    """What was in force then is known from the history, and not from JSON lines."""
    before = site.config.read_text()
    site.config.write_text(before.replace('"example.com", "example.org"', '"example.net"'))
    try:
        text = explain(site, "not-owned")
        assert "the files say something else now" in text and '  domains = [ "example.com", "example.org" ]' in text
        text = explain(site, "not-owned", "--file", site.records_file)
        assert "the files say something else now" in text and "domains = " not in text
        assert "What was set is not kept here" in text
        site.config.write_text("domains = 5;")
        text = explain(site, "not-owned", "--file", site.records_file)
        assert "what the files say now can't be read" in text
    finally:
        site.config.write_text(before)


def test_json(site):
    both = json.loads(explain(site, "not-owned", "--json"))
    assert both["record"] == site.sent["not-owned"]
    configuration_then = both["configuration"]
    assert configuration_then["hash"] == both["record"]["config"] and configuration_then["in_force"] is True
    assert 'domains = [ "example.com", "example.org" ];' in configuration_then["text"]
    assert configuration_then["first_seen"].startswith("20") and configuration_then["first_seen"].endswith("Z")
    assert len(ask(site, "explain", "4Twice0", "--json").splitlines()) == 2


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_hostile_text_is_escaped(site, more):
    text = explain(site, "hostile", *more)
    if more:
        assert json.loads(text)["record"] == site.sent["hostile"]
        assert not re.search("[\x00-\x09\x0b-\x1f]", text)
        return
    assert not STEERS.search(text) and HOSTILE not in text
    assert r"HELO \x1b[2J" in line(text, "client")


@pytest.mark.parametrize("address", ["$(touch /tmp/x)@example.com", "a;b@example.com", "'`id`'@example.com", "--x@y"])
def test_commands_can_be_pasted(site, tmp_path, address):
    """What a client chose is one word of a command, and no option."""
    record = json.loads(json.dumps(site.sent["not-owned"]))
    for verdict in record["verdicts"]:
        verdict["fact"] = address
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record))
    command_line = line(ask(site, "explain", path), "  - Who may use it now: ").partition(": ")[2]
    words = shlex.split(command_line)
    assert [word for word in words if word != "--"] == ["submilterctl", "-c", str(site.config), "who", address]
    assert address[0] != "-" or words[-2] == "--"
    printed = subprocess.run(["sh", "-c", command_line.replace("submilterctl", "printf '%s\\n'")], check=True, text=True,
                             stdout=subprocess.PIPE, cwd=tmp_path)
    assert printed.stdout.splitlines()[-1] == address


NO_BASE64 = ("====", "=" * 400, "A", "AA==\n", " AA==", "AA=A", "!!!!")


def test_hostile_records(site, tmp_path):
    """A record that somebody sent in is no better than mail; nor is one that lacks all."""
    record = {key: HOSTILE for key in site.sent["mended"]}
    record["verdicts"] = [{key: HOSTILE for key in ("rule", "outcome", "mode", "reason", "action", "fact")}]
    record["identities"] = [{"kind": "from", "address": HOSTILE, "ownership": "denied", "source": HOSTILE}]
    record["edits"] = [{"kind": "replace", "name": HOSTILE, "instance": 1, "value": HOSTILE, "rule": HOSTILE}, 5]
    record["edits"] += [{"kind": "add", "name": "X", "rule": "from", "exact": exact} for exact in NO_BASE64]
    record["header"] = [[HOSTILE, HOSTILE], 7, [1, 2], *(["X", None, exact] for exact in NO_BASE64)]
    record["edits"] += [{"kind": "delete", "name": "X", "instance": i + 1} for i in range(len(NO_BASE64))]
    record["signatures"] = [{"d": HOSTILE}, None]
    path = tmp_path / "record.json"
    for sent in (record, {"id": "x", "action": "reject", "rule": "from", "verdicts": [{"rule": "from"}]},
                 {"id": "", "action": "", "verdicts": 1, "edits": {}, "rcpts": [None], "rcpt_count": -5}):
        path.write_text(json.dumps(sent))
        text = ask(site, "explain", path)
        assert text.startswith("Decision ") and not STEERS.search(text)


def test_nothing_found(site):
    """Where it was looked for, how far back that goes, and which files may have it."""
    old = site.records_file.with_name("decisions.jsonl.1")
    packed = site.records_file.with_name("decisions.jsonl.2.gz")
    try:
        old.write_text(json.dumps(site.sent["accepted"]) + "\n")
        with gzip.open(packed, "wt") as file:
            file.write(json.dumps(site.sent["accepted"]) + "\n")
        key = "01JD3W0000ABCDEFGH00000000"
        said = complaint(site, "explain", key, status=1)
        assert f"there is no decision with the id {key}" in said
        assert "this one is of 2024-11-2" in said
        assert f"It was looked for in {site.history}, which goes back to 20" in said
        for path in (site.records_file, old):
            assert f"submilterctl -c {site.config} explain --file {path} {key}\n" in said
        assert f"zcat {packed} | submilterctl -c {site.config} explain --file - {key}\n" in said
        said = complaint(site, "explain", "4NeverSeen", status=1)
        assert "there is no decision with the queue id 4NeverSeen" in said and "An id holds" not in said
        found = site.sent["accepted"]["id"]
        done = subprocess.run(f"zcat {packed} | {' '.join(command(site, 'explain', found, '--file', '-'))}", shell=True,
                              check=True, capture_output=True, text=True)
        assert done.stdout.startswith(f"Decision {found}: accepted")
    finally:
        old.unlink(missing_ok=True)
        packed.unlink(missing_ok=True)


@pytest.mark.parametrize("arguments, status, words", [
    ((), 64, "name a decision's id"),
    (("",), 64, "name a decision's id"),
    (("/nonexistent/x",), 66, "/nonexistent/x: No such file"),
    (("{folder}/submilter.conf",), 66, "it holds no record and no decision's id"),
    (("{folder}",), 66, "Is a directory"),
    (("4X", "--file", "/nonexistent/a.jsonl"), 66, "/nonexistent/a.jsonl"),
    (("--since", "x", "4X"), 64, '--since: "x" is no time'),
])
def test_what_is_wrong_is_named(site, arguments, status, words):
    arguments = [argument.format(folder=site.folder) for argument in arguments]
    assert words in complaint(site, "explain", *arguments, status=status)
