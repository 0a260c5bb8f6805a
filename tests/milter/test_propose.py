"""submilterctl propose senders: the table that mail implies, put to use by the daemon that recorded it."""

import json
import pathlib
import re
import shutil
import stat
import tempfile

import pytest

from daemon import CONFIG, HISTORY
from harness.milter_mta import Client, Message
from look_back import ask, complaint
from looked_at import HOSTILE, SENDERS, wait_for_rows

OBSERVED = 'policies: {{ submission: {{ {rules} dkim: {{ mode = "off"; }}; }}; }};\n'
RULES = " ".join(f'{rule}: {{ mode = "observe"; }};' for rule in ("envelope", "from", "sender"))
FORM = " " + " ".join(f'{rule}: {{ mode = "observe"; }};' for rule in ("header_once", "header_syntax"))
DATE = ("Date", " Sat, 21 Nov 2026 10:00:00 +0000")
ID = ("Message-ID", " <1@example.com>")
OFFICE, ABROAD = "192.0.2.7", "203.0.113.99"


def configuration(tables, rules=""):
    listed = ", ".join(f'"{table}"' for table in tables)
    return (CONFIG + HISTORY + f"senders: {{{{ tables = [ {listed} ]; }}}};\n"
            + OBSERVED.format(rules=rules).replace("{", "{{").replace("}", "}}"))


def message(address, rcpts=1):
    return Message(mail_from=f"<{address}>", rcpts=tuple(f"<r{number}@example.net>" for number in range(rcpts)),
                   headers=(("From", f" {address}"), DATE, ID))


# (login, client's address, as whom, recipients), and whether the table is to grant it
MAIL = {
    "own": ("alice@example.com", OFFICE, "alice@example.com", 1, True),
    "shared": ("alice@example.com", OFFICE, "support@example.com", 1, True),
    "shared-by-owner": ("bob", OFFICE, "bob@example.com", 1, True),
    "unheard-of": ("bob", OFFICE, "info@example.org", 3, True),
    "theft": ("alice@example.com", ABROAD, "ceo@example.com", 40, False),
    "theft-too": ("alice@example.com", ABROAD, "billing@example.com", 40, False),
    "elsewhere": ("bob", OFFICE, "bob@freemail.example", 1, False),
}


def send(gate, names=None):
    """name -> whether it was accepted"""
    accepted = {}
    for name, (login, client, address, rcpts, _) in MAIL.items():
        if names is None or name in names:
            accepted[name] = gate.play(message(address, rcpts), Client(login=login, address=client)).accepted
            gate.record()
    return accepted


@pytest.fixture
def tables():
    """A folder that the daemon's user can read, which pytest's own are not."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="submilter-tables."))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def observed(start_daemon, tables):
    """A daemon with a table that lacks what people do, which has seen all of MAIL twice."""
    (tables / "senders").write_text(SENDERS + "support@example.com  bob\n")
    gate = start_daemon(config=configuration([f"texthash:{tables}/senders"], RULES))
    gate.tables = tables
    assert all(send(gate).values())
    assert all(send(gate).values())
    wait_for_rows(gate.daemon, 2 * len(MAIL))
    return gate


def test_habits_are_granted_and_theft_is_not(observed, start_daemon):
    """The table is used as the file says, with the rules enforced: what happens is what it said, and what a
    replay says before."""
    proposed = observed.tables / "proposed"
    said = ask(observed.daemon, "propose", "senders", "--output", proposed)
    assert f"wrote {proposed}: 2 rows; 3 commented out" in said
    tables = re.search(r"^ *senders: \{ tables = \[ (.*) \]; \};$", said, re.MULTILINE)[1]
    assert tables == f'"texthash:{proposed}", "texthash:{observed.tables}/senders"'
    enforced = start_daemon(config=configuration([table.strip('" ') for table in tables.split(",")]))
    foretold = json.loads(ask(observed.daemon, "replay", "--config", enforced.daemon.config, "--json", status=1))
    refused = [name for name, (*_, granted) in MAIL.items() if not granted]
    assert (foretold["decisions"], foretold["newly_refused"]) == (2 * len(MAIL), 2 * len(refused))
    assert send(enforced) == {name: granted for name, (*_, granted) in MAIL.items()}
    # And its owner still has what it was granted to before.
    assert enforced.play(message("support@example.com"), Client(login="bob")).accepted


def test_what_the_file_says(observed):
    text = ask(observed.daemon, "propose", "senders")
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert rows == ["support@example.com\tbob, alice@example.com", "info@example.org\tbob"]
    commented = [line for line in text.splitlines() if line.startswith("#? ")]
    assert commented == ["#? billing@example.com\talice@example.com", "#? ceo@example.com\tceo, alice@example.com",
                         "#? bob@freemail.example\tbob"]
    assert f"# today it is for bob, by texthash:{observed.tables}/senders:5 support@example.com" in text
    assert "#   2 messages to 80 recipients, on 1 day, " in text
    assert "#   without it the rule envelope would have refused 2\n" in text
    assert "strange-network: " in text and "burst-hour: " in text and "outside-domains: " in text
    assert "Nothing of it is in force" in text


def test_json_says_the_same(observed):
    answer = json.loads(ask(observed.daemon, "propose", "senders", "--json"))
    assert (answer["messages"], answer["logins"]) == (2 * len(MAIL), 2)
    rows = {row["address"]: row for row in answer["rows"]}
    assert rows["support@example.com"]["value"] == "bob, alice@example.com"
    assert rows["support@example.com"]["today"] == ["bob"]
    assert rows["ceo@example.com"]["value"] is None
    pair, = rows["ceo@example.com"]["pairs"]
    assert pair["verdict"] in ("suspect", "theft") and {"strange-network", "burst-hour"} <= set(pair["reasons"])
    assert pair["rules"] and pair["rules"][0]["would"] == 2 and pair["recipients"] == 80
    assert rows["bob@freemail.example"]["pairs"][0]["verdict"] == "foreign"
    lines = json.loads(ask(observed.daemon, "propose", "senders", "--json", "--file", observed.daemon.records_file))
    assert lines["rows"] == answer["rows"]


def test_what_was_granted_since_is_left_out(observed):
    with open(observed.tables / "senders", "a", encoding="ascii") as table:
        table.write("info@example.org  bob\n")
    text = ask(observed.daemon, "propose", "senders")
    assert "info@example.org" not in text and "Left out: 1 that today's tables grant" in text


def test_rare_ones_are_left_out(observed):
    text = ask(observed.daemon, "propose", "senders", "--min", "3")
    assert "Left out: 5 with fewer than 3 messages" in text and "support@" not in text
    assert "--min" in complaint(observed.daemon, "propose", "senders", "--min", "few", status=64)


def test_no_file_is_written_over(observed):
    senders = observed.tables / "senders"
    before = senders.read_bytes()
    assert "is there already" in complaint(observed.daemon, "propose", "senders", "--output", senders, status=73)
    assert senders.read_bytes() == before
    (observed.tables / "link").symlink_to("nowhere")
    assert "is there already" in complaint(observed.daemon, "propose", "senders", "--output", observed.tables / "link",
                                           status=73)
    assert sorted(path.name for path in observed.tables.iterdir()) == ["link", "senders"]
    senders.chmod(0o640)
    ask(observed.daemon, "propose", "senders", "--output", observed.tables / "new")
    assert stat.S_IMODE((observed.tables / "new").stat().st_mode) == 0o640


def test_what_mail_says_cannot_steer_nor_grant(start_daemon, tables):
    """Text of mail: what is in no row, in the daemon's own records."""
    (tables / "senders").write_text(SENDERS)
    gate = start_daemon(config=configuration([f"texthash:{tables}/senders"], RULES))
    froms = ("#evil@example.com", '"root root"@example.com', "x@\u0435xample.com", f"{HOSTILE}@example.com",
             "a\u0301b@example.com", "good@example.com", "root\\@example.com")
    for address in froms:
        gate.play(Message(mail_from="<alice@example.com>", headers=(("From", f" {address}"), DATE, ID)),
                  Client(helo=HOSTILE))
    gate.play(message("sales@example.com"), Client(login="alice, root"))
    gate.play(message("sales@example.com"), Client(login=f"a{HOSTILE}\nroot@example.com\troot"))
    wait_for_rows(gate.daemon, len(froms) + 2)
    text = ask(gate.daemon, "propose", "senders")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", text), repr(text)
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert set(rows) <= {"good@example.com\talice@example.com", "\u00e1b@example.com\talice@example.com"}, rows
    assert "a login with blanks or commas cannot stand in a table" in text


def test_a_colleague_is_not_given_away(start_daemon, tables):
    """The daemon's own records of a second From, of an extension, and of plain mail as who logs in."""
    (tables / "senders").write_text(SENDERS)
    gate = start_daemon(config=configuration([f"texthash:{tables}/senders"], RULES + FORM))
    ada, yann = Client(login="ada@example.com", address=OFFICE), Client(login="yann@example.com", address=OFFICE)
    for name in ("From", "FROM", "From "):
        gate.play(Message(mail_from="<second@example.com>", rcpts=("<r@example.net>",),
                          headers=(("From", " second@example.com"), (name, " ada@example.com"), DATE, ID)), ada)
    gate.play(message("alias@example.com"), ada)
    gate.play(message("yann+x@example.com"), ada)
    gate.play(message("YANN@Example.COM"), ada)
    gate.play(message("alias@example.com"), yann)
    wait_for_rows(gate.daemon, 7)
    text = ask(gate.daemon, "propose", "senders")
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert rows == ["alias@example.com\tada@example.com, yann@example.com"]
    assert "second@" not in text
    assert "#? yann@example.com\tada@example.com" in text


def test_wrong_arguments(observed):
    assert 'nothing but "senders"' in complaint(observed.daemon, "propose", "lists", status=64)
    assert "usage:" in complaint(observed.daemon, "propose", status=64)
