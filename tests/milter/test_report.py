"""submilterctl report: its figures are those of the records, and its page is safe whatever stands in them."""

import base64
import collections
import copy
import datetime
import hashlib
import html.parser
import json
import os
import pty
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

from counters import COUNTING, send
from daemon import USER, Daemon
from gate import Gate
from harness.waiting import wait_until
from harness.week_of_records import Week
from history_rows import wait_for_rows
from look_back import ask, command, complaint
from looked_at import SENDERS, configuration, send_all

UNTIL = "2026-11-21T10:00:00Z"
OUTCOMES = {"accept": "accepted", "fix": "fixed", "quarantine": "quarantined", "tempfail": "deferred",
            "reject": "refused"}
HOSTILE = ["<script>alert(1)</script>@x", '"><img src=x onerror=alert(1)>', "' onmouseover='x", "\u202emoc.elpmaxe@x",
           "L" * 10000 + "@example.com", "a\x1b[31mred\x07", "\u05d0\u05d1@\u05d3.example", "</title><style>*{}</style>",
           "]]><!-- ", "&lt;b&gt;", "javascript:alert(1)", "\U0001f600\u200b", "a\r\nb", "\ufffe\u2028x"]


@pytest.fixture(scope="module")
def site():
    """A configuration; nothing runs."""
    daemon = Daemon()
    yield daemon
    daemon.remove()


@pytest.fixture(scope="module")
def week():
    return list(Week().records())


def written(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.fixture(scope="module")
def file(site, week):
    return written(site.folder / "week.jsonl", week)


def report(site, file, *options, **more):
    return ask(site, "report", "--file", file, "--until", UNTIL, *options, **more)


def figures(site, file, *options):
    return json.loads(report(site, file, "--json", "--top", "1000", *options))


def counted(records, *keys):
    return collections.Counter(tuple(record[key] for key in keys) for record in records)


def test_figures_are_those_of_the_records(site, file, week):
    """Counted again from the lines, by another program."""
    found = figures(site, file)
    assert found["decisions"] == len(week) > 1000
    assert found["messages"] == sum(record["command"] is None for record in week)
    assert found["logins"] == len({record["login"] for record in week} - {None}) == 50
    actions = counted(week, "action")
    assert found["outcomes"] == {word: actions[action,] for action, word in OUTCOMES.items()}
    stopped = [record for record in week if record["action"] in ("reject", "tempfail")]
    assert {(row["rule"], row["reason"]): row["count"] for row in found["reasons"] if row["outcome"] != "fixed"} \
        == counted(stopped, "rule", "reason")
    assert {row["login"]: row["refused"] + row["deferred"] for row in found["people"]} \
        == {login: count for (login,), count in counted(stopped, "login").items()}
    would = collections.Counter((verdict["rule"], verdict["reason"]) for record in week for verdict in record["verdicts"]
                                if record["action"] in ("accept", "fix") and verdict["mode"] == "observe" and verdict["action"] != "accept")
    assert {(row["rule"], row["reason"]): row["count"] for row in found["would"]} == would
    people = [record for record in week if record["login"]]
    assert {row["name"]: row["count"] for row in found["tls"]} \
        == {name: count for (name,), count in counted(people, "tls_version").items()}
    assert {row["name"]: row["count"] for row in found["mechanisms"]} \
        == {name: count for (name,), count in counted(people, "auth_mech").items()}


def test_columns_hold_all_decisions(site, file, week):
    found = figures(site, file)
    for word in OUTCOMES.values():
        assert sum(bucket[word] for bucket in found["buckets"]) == found["outcomes"][word]
    begins = [bucket["begin"] for bucket in found["buckets"]]
    assert begins == sorted(set(begins)) and begins[0] <= week[0]["time"] < begins[1]
    assert 20 <= len(begins) <= 96


def test_signatures_and_time_taken(site, file, week):
    found = figures(site, file)
    left = [record for record in week if record["command"] is None and record["action"] in ("accept", "fix")]
    domains = collections.Counter((record["from"].rsplit("@", 1)[1], bool(record["signatures"])) for record in left)
    assert {(row["domain"], kind): row[word] for row in found["signing"]
            for kind, word in ((True, "signed"), (False, "unsigned")) if row[word]} == domains
    taken = sorted(record["usec"] for record in week if record["command"] is None)
    assert found["usec"] == {"messages": len(taken), "median": taken[(len(taken) + 1) // 2 - 1],
                             "p95": taken[-(-len(taken) * 95 // 100) - 1], "p99": taken[-(-len(taken) * 99 // 100) - 1],
                             "max": taken[-1]}


def test_who_had_to_fight_and_who_was_robbed(site, file, week):
    """What the week's making put in is found, and ids lead to the records."""
    found = figures(site, file)
    by_id = {record["id"]: record for record in week}
    assert {row["from_changed"] for row in found["friction"]} == {True, False}
    for row in found["friction"]:
        refused, passed = by_id[row["refused_id"]], by_id[row["passed_id"]]
        assert refused["login"] == passed["login"] == row["login"]
        assert refused["action"] in ("reject", "tempfail") and passed["action"] in ("accept", "fix")
        assert datetime.timedelta() <= moment(passed) - moment(refused) <= datetime.timedelta(hours=1)
    assert any(row["refused_from"].endswith("@private.example") for row in found["friction"])
    robbed = found["new_networks"][0]
    assert robbed["network"].startswith("45.155.") and robbed["stopped"] > 10 and robbed["known_networks"] >= 1
    assert not robbed["usual_network"].startswith("45.155.")


def moment(record):
    return datetime.datetime.fromisoformat(record["time"].replace("Z", "+00:00"))


SIGNS = """
policies: { submission: { many_networks: { mode = "enforce"; max_hour = 1; then = "slow"; }; }; };
groups: ( { name = "watched"; logins = [ "dave@example.com" ];
            rules: { many_networks: { mode = "observe"; then = "freeze"; }; }; } );
"""


def test_contained_logins(start_daemon):
    """By a sign and by an admin; what passes when it is over is no friction; what would have frozen says so."""
    gate = start_daemon(SIGNS, config=COUNTING)
    for login in ("dave", "alice"):
        for address in ("192.0.2.1", "198.51.100.1"):
            last = send(gate, login=login, address=address)
            assert last.accepted == ((login, address) != ("alice", "198.51.100.1"))
    sign = gate.settled
    assert "login_state.slowed" in last.reply.text, "the sign's own message, to somebody it has known for a moment"
    assert "login_state.slowed" in send(gate, "new@example.net", address="192.0.2.1").reply.text
    slowed = gate.settled
    ask(gate.daemon, "login", "freeze", "carol@example.com", "--because", "<b>phished")
    wait_until(lambda: not send(gate, login="carol").accepted, "it is frozen", explain=gate.daemon.log)
    send(gate, login="carol")
    ask(gate.daemon, "login", "thaw", "carol@example.com")
    wait_until(lambda: send(gate, login="carol").accepted, "it is thawed", explain=gate.daemon.log)
    wait_for_rows(gate.daemon, len(gate.daemon.records()))
    found = json.loads(ask(gate.daemon, "report", "--json"))
    rows = {row["login"]: row for row in found["contained"]}
    assert len(rows) == len(found["contained"]) == found["rows"]["contained"] == 2
    alice, carol = rows["alice@example.com"], rows["carol@example.com"]
    assert (alice["state"], alice["cause"], alice["recipients"], alice["messages"]) == ("slowed", "many_networks.hour", 1, 1)
    assert (alice["first"], alice["last"], alice["example"]) == (sign["time"], slowed["time"], slowed["id"])
    assert carol["state"] == "frozen" and carol["cause"].endswith(": <b>phished") and carol["messages"] >= 2
    assert found["friction"] == []
    assert [(row["rule"], row["outcome"], row["count"]) for row in found["would"]] == [("many_networks", "frozen", 1)]
    text = ask(gate.daemon, "report")
    assert "\nContained logins  (" in text and " many_networks.hour " in text and "<b>phished" in text
    assert re.search(r"many_networks\.hour +frozen +1 ", text)
    page = ask(gate.daemon, "report", "--html", "-")
    assert "<h2>Contained logins</h2>" in page and "&lt;b&gt;phished" in page and "<b>phished" not in page


# ---- text --------------------------------------------------------------------------------------


def on_terminal(site, *arguments, width=100, **environment):
    """What it writes to a terminal."""
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "cols", str(width), "-opost"], stdin=theirs, check=True)
    with subprocess.Popen(command(site, *arguments), stdin=subprocess.DEVNULL, stdout=theirs,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm", **environment}) as process:
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:  # the other end is closed
            pass
        assert process.wait() == 0
    os.close(ours)
    return seen.decode()


def test_no_escape_codes_in_a_pipe(site, file):
    text = report(site, file, environment={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm"})
    assert "\x1b" not in text and "█" in text
    for part in ("Decisions", "Reasons", "Who was refused", "Would have been", "Friction", "New client networks",
                 "TLS", "Mechanisms", "Signatures", "Time taken", "(7 days)"):
        assert part in text


def test_ascii_where_the_locale_is(site, file):
    text = report(site, file, environment={**os.environ, "LC_ALL": "C"})
    assert text.isascii() and "####" in text


@pytest.mark.parametrize("environment, coloured", [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False),
                                                   ({"NO_COLOR": ""}, True)], ids=str)
def test_colour_on_a_terminal(site, file, environment, coloured):
    text = on_terminal(site, "report", "--file", file, "--until", UNTIL, **environment)
    assert ("\x1b[31m" in text) == coloured == ("\x1b" in text)


@pytest.mark.parametrize("width", [40, 80, 132])
def test_lines_fit_the_terminal(site, file, width):
    text = on_terminal(site, "report", "--file", file, "--until", UNTIL, width=width, NO_COLOR="1")
    sparks = [line for line in text.splitlines() if re.match("  (accepted|refused) ", line)]
    assert sparks and all(len(line) <= width for line in sparks[:2])


def test_nothing_and_little(site, week, tmp_path):
    nothing = written(tmp_path / "nothing", [])
    assert "No mail was decided on" in report(site, nothing)
    assert figures(site, nothing)["decisions"] == 0
    one = written(tmp_path / "one", week[300:301])
    assert "1 decision, 1 on whole messages; 1 login\n" in report(site, one)
    before = ask(site, "report", "--file", one, "--since", "2020-01-01", "--until", "2020-02-01")
    assert "No mail was decided on" in before and "There are records from 2026-11-1" in before
    for path in (nothing, one):
        check_page(report(site, path, "--html", "-"))


def test_text_of_others_cannot_steer_the_terminal(site, hostile):
    text = report(site, hostile, "--top", "1000")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", text)


# ---- the page ------------------------------------------------------------------------------------

VOID = {"meta"}
ELEMENTS = """html head meta title style body main header h1 h2 h3 p time dl div dt dd small section figure svg rect text
    line desc ul li b details summary table thead tbody tr th td span code bdi footer""".split()
ATTRIBUTES = """lang charset http-equiv content name datetime class width height role aria-labelledby aria-hidden id x y
    x1 x2 y1 y2 dx rx text-anchor scope tabindex data-label""".split()


class Page(html.parser.HTMLParser):
    """What a browser would make of it: elements, attributes, texts. Fails where it is not in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.attributes, self.texts = [], set(), set(), []
        self.ids, self.references = [], []
        self.policy = self.style = None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        self.attributes.update(names)
        attrs = dict(attrs)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.references += attrs.get("aria-labelledby", "").split()
        if attrs.get("http-equiv") == "Content-Security-Policy":
            self.policy = attrs["content"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if self.open and self.open[-1] == "style":
            self.style = data

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data!r}")


def check_page(text):
    page = Page(text)
    assert page.elements <= set(ELEMENTS), page.elements - set(ELEMENTS)
    assert page.attributes <= set(ATTRIBUTES), page.attributes - set(ATTRIBUTES)
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert page.policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in page.style and "@import" not in page.style and "prefers-color-scheme:dark" in page.style
    assert "http:" not in text and "https:" not in text
    assert len(page.ids) == len(set(page.ids)) and set(page.references) <= set(page.ids)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufffe]", text)
    for drawn in re.findall("<svg.*?</svg>", text, re.DOTALL):
        root = xml.etree.ElementTree.fromstring(drawn)
        if root.get("role") == "img":
            assert root.find("title").text and root.find("desc").text
        for rect in root.iter("rect"):
            for name in ("x", "width"):
                value = rect.get(name, "0")
                assert not value.endswith("%") or 0 <= float(value[:-1]) <= 100.001, (name, value)
            assert float(rect.get("height")) >= 0
    return page


def test_the_page(site, file):
    text = report(site, file, "--html", "-")
    page = check_page(text)
    assert text.count("<svg width=\"100%\"") > 10 and "<table" in text
    shown = "".join(page.texts)
    for part in ("Decisions over time", "Reasons", "Who was refused", "Would have been", "Friction",
                 "New client networks", "TLS", "Mechanisms", "Signatures", "Time taken", "dave@example.com"):
        assert part in shown


@pytest.fixture(scope="module")
def hostile(site, week):
    """Wherever others' text may stand, it is such."""
    records = []
    for number, record in enumerate(week):
        record, text = copy.deepcopy(record), HOSTILE[number % len(HOSTILE)]
        record.update({key: text for key in ("from", "client", "auth_mech", "helo", "queue_id")},
                      mail_from=f"<{text}>", tls_version=text if number % 7 == 0 else "TLSv1.3",
                      rcpts=[text] * record["rcpt_count"])
        if record["login"]:
            record["login"] = text
        if record["rule"] and number % 5 == 0:
            record["rule"] = record["reason"] = text
        if number % 11 == 0:
            record["id"] = f"{text[:100]}{number}"
        records.append(record)
    return written(site.folder / "hostile.jsonl", records)


def test_the_page_of_hostile_records(site, hostile):
    page = check_page(report(site, hostile, "--html", "-", "--top", "1000"))
    shown = "".join(page.texts)
    assert "<script>alert(1)</script>" in shown  # as text
    assert "\\xe2\\x80\\xaemoc" in shown and "L" * 200 not in shown


@pytest.mark.parametrize("since", ["2025-11-21", "2026-11-20", "2026-11-21 09:30", "2016-01-01"])
def test_spans_of_every_length(site, file, since):
    text = ask(site, "report", "--file", file, "--since", since, "--until", UNTIL, "--html", "-",
               environment={**os.environ, "TZ": "Europe/Berlin"})
    check_page(text)


# ---- where it is written ------------------------------------------------------------------------


def test_the_file_is_for_few(site, file, tmp_path):
    path = tmp_path / "report.html"
    for mask, mode in ((0o022, 0o640), (0o077, 0o600)):
        subprocess.run(["sh", "-c", f"umask {mask:03o}; exec \"$@\"", "sh",
                        *command(site, "report", "--file", file, "--until", UNTIL, "--html", path)], check=True)
        assert path.stat().st_mode & 0o7777 == mode
        assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
    check_page(path.read_text())


def test_links_are_not_followed(site, file, tmp_path):
    target, link = tmp_path / "target", tmp_path / "report.html"
    target.write_text("mine")
    link.symlink_to(target)
    said = complaint(site, "report", "--file", file, "--until", UNTIL, "--html", link, status=73)
    assert "symbolic link" in said and str(link) in said
    assert target.read_text() == "mine" and link.is_symlink() and len(list(tmp_path.iterdir())) == 2


def test_what_cannot_be_written(site, file, tmp_path):
    said = complaint(site, "report", "--file", file, "--until", UNTIL, "--html", tmp_path / "no" / "x", status=73)
    assert "No such file" in said
    said = complaint(site, "report", "--file", file, "--until", UNTIL, "--html", tmp_path, status=73)
    assert "is no file" in said
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk(site, file):
    """Half a page is no page."""
    with open("/dev/full", "w", encoding="ascii") as full:
        for options in (("--html", "-"), ("--json",), ()):
            done = subprocess.run(command(site, "report", "--file", file, "--until", UNTIL, *options), stdout=full,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
            assert done.returncode == 74, (options, done)


@pytest.mark.parametrize("options, said", [
    (("--top", "0"), "from 1 to 1000"), (("--top", "x"), '"x"'), (("--json", "--html", "-"), "one of them"),
    (("week",), '"week"'), (("--since", "2999-01-01"), "not come yet"), (("--since", "tomorrowish"), "--since"), (("--since", "2026-01-02", "--until", "2026-01-01"),
                                                                     "--until")], ids=str)
def test_wrong_arguments(site, options, said):
    assert said in complaint(site, "report", *options, status=64)


# ---- the daemon's own history -----------------------------------------------------------------


@pytest.fixture
def gate():
    daemon = Daemon(config=configuration())
    senders = daemon.folder / "senders"
    senders.write_text(SENDERS)
    if os.getuid() == 0:
        shutil.chown(senders, USER)
    try:
        yield Gate(daemon.start())
        assert daemon.stop() == 0, daemon.log()[-4000:]
    finally:
        daemon.remove()


def test_of_the_daemons_own_history(gate):
    records = send_all(gate)
    found = json.loads(ask(gate.daemon, "report", "--json"))
    assert found["decisions"] == len(records)
    actions = counted(records.values(), "action")
    assert found["outcomes"] == {word: actions[action,] for action, word in OUTCOMES.items()}
    assert {row["domain"] for row in found["signing"]} == {"example.com"}
    assert sum(row["signed"] for row in found["signing"]) == actions["accept",] + actions["fix",]
    check_page(ask(gate.daemon, "report", "--html", "-"))
