"""submilterctl who: says of real tables what the gate decides by them."""

import functools
import json
import pathlib
import signal
import subprocess
import tempfile
import unicodedata

import pytest

from daemon import BUILD, CONFIG

CTL = str(BUILD / "ctl" / "submilterctl")
POSTMAP = "/usr/sbin/postmap"

SENDERS = """\
# who sends as what
alice@example.com       alice
sales@example.com       bob, ALICE
alice                   alice
bob@example.org         bob
alice+press@example.com press
"""
PATTERNS = r"""/^list-(.*)@example\.com$/ $1
if /^team@/
/org$/ alice, erin
endif
"""
MORE = """
senders: {{ tables = [ "texthash:{folder}/senders", "pcre:{folder}/patterns", "{kind}:{folder}/more" ]; }};
groups: ( {{ name = "staff"; logins = [ "alice", "bob" ]; rules: {{ from: {{ mode = "observe"; }}; }}; }},
          {{ name = "late"; logins = [ "alice" ]; }} );
"""
ROWS = "@example.org alice\nsales@example.com carol\n"


DATABASES = pytest.mark.parametrize("site", ["lmdb", "cdb"], indirect=True, scope="function")


def make_database(folder, kind):
    (folder / "main.cf").write_text("compatibility_level = 3.6\nmyhostname = mail.example.com\n")
    subprocess.run([POSTMAP, "-c", folder, f"{kind}:{folder}/more"], check=True)


@functools.cache
def database(kind):
    """Made of ROWS, once a run: for a file that was not there postmap takes two seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "more").write_text(ROWS)
        make_database(folder, kind)
        return (folder / f"more.{kind}").read_bytes()


class Site:
    """A configuration and its tables; no daemon is needed."""

    def __init__(self, folder, kind):
        self.folder = folder
        self.kind = kind
        self.config = folder / "submilter.conf"
        self.configure()

    def configure(self, more=""):
        self.config.write_text(CONFIG.format(folder=self.folder, user="") + more)


@pytest.fixture
def plain(tmp_path):
    """A site without tables."""
    tmp_path.chmod(0o755)
    return Site(tmp_path, None)


@pytest.fixture
def site(request, plain):
    plain.kind = getattr(request, "param", "cdb")
    (plain.folder / "senders").write_text(SENDERS)
    (plain.folder / "patterns").write_text(PATTERNS)
    (plain.folder / "more").write_text(ROWS)
    for kind in ("cdb", "lmdb"):
        (plain.folder / f"more.{kind}").write_bytes(database(kind))
    plain.configure(MORE.format(folder=plain.folder, kind=plain.kind))
    return plain


def who(site, *arguments):
    return subprocess.run([CTL, "-c", site.config, "who", *arguments], stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, text=True)


def lines(site, *arguments, status=0):
    """What it prints, blanks between columns counted as one, the site's folder as @."""
    done = who(site, *arguments)
    assert done.returncode == status, (done.stdout, done.stderr)
    text = done.stdout.replace(str(site.folder), "@")
    return [" ".join(line.split()) for line in text.split("\n")[:-1]]


def answer(site, *arguments, status=0):
    done = who(site, *arguments, "--json")
    assert done.returncode == status, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def holding(rows):
    return {row["address"]: row["row"] for row in rows if row["state"] == "holds" and "address" in row}


@DATABASES
def test_an_address(site):
    printed = lines(site, "Sales@Example.com")
    assert printed[:5] == ["Who may send as sales@example.com, by texthash:@/senders:3 sales@example.com:", "bob",
                           "ALICE", "For this address it hides:", f"{site.kind}:@/more sales@example.com: carol"]
    assert any(line.startswith("mail from example.com: there is no key") for line in printed)
    assert printed[-1].startswith("No row names Sales@Example.com as a login; 1 pattern could")


@DATABASES
def test_a_login(site):
    printed = lines(site, "alice")
    assert printed[:5] == [
        "What the login alice may send as:",
        "alice@example.com, and with any +extension texthash:@/senders:2",
        "sales@example.com, and with any +extension texthash:@/senders:3",
        "any plain address that matches /org$/, within if /^team@/ (line 2) pcre:@/patterns:3",
        f"any plain address at example.org {site.kind}:@/more"]
    for expected in ("bob@example.org, and with any +extension: texthash:@/senders:5",
                     "alice+press@example.com: texthash:@/senders:6",
                     "alice: texthash:@/senders:4: a name without a domain is not asked for",
                     r"any plain address that matches /^list-(.*)@example\.com$/ for ${1}: pcre:@/patterns:1",
                     'group staff (@/submilter.conf:16): from.mode = "observe"',
                     "policy submission does not enforce all of this: envelope = enforce, from = observe, "
                     "sender = enforce"):
        assert expected in printed, printed


def test_a_row_that_is_hidden(site):
    rows = answer(site, "carol")["login"]["rows"]
    hidden = [row for row in rows if row["state"] == "hidden"]
    assert [(row["address"], row["by"]) for row in hidden] == [
        ("sales@example.com", f"texthash:{site.folder}/senders:3 sales@example.com")]


@pytest.mark.parametrize("login", ["alice", "bob", "erin"])
def test_what_it_says_is_what_is_decided(site, login):
    """A message from each address, judged as by the daemon, agrees with both questions."""
    rows = answer(site, "--login", login)["login"]["rows"]
    for address in ("alice@example.com", "alice+x@example.com", "alice+press@example.com", "sales@example.com",
                    "bob@example.org", "dave@example.org", "team@example.org", "list-bob@example.com",
                    "dave@example.com"):
        message = f"From: {address}\nTo: x@example.net\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\nx\n"
        judged = subprocess.run([CTL, "-c", site.config, "test", "--login", login, "--json", "--tls", "TLSv1.3",
                                 "--mechanism", "PLAIN", "--mail-from", f"<{address}>"], input=message, timeout=60,
                                stdout=subprocess.PIPE, check=False, text=True)
        granted = json.loads(judged.stdout)["identities"][0]["ownership"] == "granted"
        owners = answer(site, "--address", address, status=1 if address == "dave@example.com" else 0)["address"]
        assert granted == (login in [name.lower() for name in owners.get("logins", [])]), (address, owners)
        exact = holding(rows).get(address)
        if exact:
            assert granted and owners["row"] == exact


def test_a_domain_whose_addresses_have_rows(site):
    """Nobody may send as all of it, and that is not all there is to say."""
    printed = lines(site, "@example.com", status=1)
    assert printed[0] == "No row for the whole domain example.com; 3 addresses have rows."
    assert answer(site, "@example.com", status=1)["address"]["addresses_with_rows"] == 3
    site.configure('senders: { tables = [ "texthash:%s/senders" ]; };' % site.folder)
    assert lines(site, "@Example.ORG", status=1)[0] == "No row for the whole domain example.org; 1 address has a row."
    assert lines(site, "@example.net", status=1)[0] == "Nobody may send as any plain address at example.net."


@pytest.mark.parametrize("arguments, said", [
    (["a", "b"], '"b": one address or login at a time'), ([""], '"" is no address and no login'),
    ([], "an address or a login is expected"), (["--login", ""], '--login: "" is no login'),
    (["a", "--login", "b"], "not both")])
def test_what_cannot_be_asked_is_said(site, arguments, said):
    done = who(site, *arguments)
    assert done.returncode == 64 and said in done.stderr, done.stderr


def test_nobody(site):
    printed = lines(site, "--address", "dave@example.com", status=1)
    assert printed[:5] == ["Nobody may send as dave@example.com.", "No row has dave@example.com or @example.com.",
                           "To let a login, write into @/senders", "dave@example.com LOGIN",
                           "and then tell the daemon: systemctl reload submilter, or without systemd: pkill -USR1 -x submilter"]
    assert "nothing: no row that holds names it" in lines(site, "--login", "a b", status=1)


@pytest.mark.parametrize("table, expected", [
    ("lmdb:{}/more", ["write into @/more", "then make the database: postmap lmdb:@/more"]),
    ("cdb:{}/more", ["write into @/more", "then make the database: postmap cdb:@/more",
                     "and then tell the daemon: systemctl reload submilter, or without systemd: pkill -USR1 -x submilter"]),
    ("pcre:{}/patterns", ["write into @/patterns", r"/^info\+x@example\.com$/ LOGIN"]),
    ("inline:{{ a@example.com=alice }}", ["inline: table in @/submilter.conf", "{ info+x@example.com = LOGIN }"])])
def test_what_to_write(site, table, expected):
    site.configure('senders: { tables = [ "%s" ]; };' % table.format(site.folder))
    printed = "\n".join(lines(site, "info+x@example.com", status=1))
    for text in expected:
        assert text in printed


@pytest.mark.parametrize("asked, then", [("@example.net", "any@example.net"), ("a+b@example.net", "a+b@example.net"),
                                         ("j\u00f6rg@example.com", "j\u00f6rg@example.com")])
def test_the_pattern_that_it_proposes_is_what_was_missing(site, asked, then):
    site.configure('senders: { tables = [ "pcre:%s/own" ]; };' % site.folder)
    table = site.folder / "own"
    table.write_text("/^nobody$/ nobody\n")
    printed = lines(site, "--address", asked, status=1)
    row = next(line for line in printed if line.endswith("LOGIN"))
    assert "\\x" not in row
    table.write_text(row.replace("LOGIN", "dora") + "\n")
    assert answer(site, "--address", then)["address"]["logins"] == ["dora"]


def test_the_row_that_it_proposes_is_what_was_missing(site):
    """What is written as told is found."""
    printed = lines(site, "--address", "\"odd local\"@example.com", status=1)
    row = next(line for line in printed if line.endswith("LOGIN"))
    with open(site.folder / "senders", "a", encoding="utf-8") as table:
        table.write(row.replace("LOGIN", "dora") + "\n")
    assert answer(site, "--address", "\"odd local\"@example.com")["address"]["logins"] == ["dora"]


def test_letters_beyond_ascii(plain):
    """Each spelling finds the row, before that of the whole domain."""
    rows = "Özgür.Kaya@example.com ozgur\nweiß@example.com weiss\n@example.com everybody\n"
    for kind in ("texthash", "lmdb"):
        (plain.folder / "more").write_text(rows, encoding="utf-8")
        if kind != "texthash":
            make_database(plain.folder, kind)
        plain.configure('senders: { tables = [ "%s:%s/more" ]; };' % (kind, plain.folder))
        for address in ("Özgür.Kaya", "özgür.kaya", "ÖZGÜR.KAYA+x", unicodedata.normalize("NFD", "Özgür.Kaya")):
            printed = lines(plain, address + "@example.com")
            assert printed[0].endswith("özgür.kaya@example.com:") and printed[1].startswith("ozgur"), printed
        for address in ("weiß", "WEISS", "Weiss"):
            assert lines(plain, address + "@example.com")[1].startswith("weiss"), address
        assert lines(plain, "alice@example.com")[1].startswith("everybody")
        assert "özgür.kaya@example.com" in "\n".join(lines(plain, "ozgur"))


def test_without_tables(plain):
    assert lines(plain, "alice+x@example.com")[:5] == [
        "Who may send as alice+x@example.com, as there is no table (senders.tables):", "alice+x@example.com", "alice+x",
        "alice@example.com", "alice"]
    assert lines(plain, "alice")[1:3] == ["alice@example.com, and with any +extension login",
                                          "alice@example.org, and with any +extension login"]
    assert lines(plain, "--login", "EXAMPLE\\alice", status=1)[1].startswith("nothing: without tables")


@pytest.mark.parametrize("written", ["<alice@example.com>", " ALICE@Example.Com ", "alice@example.com"])
def test_ways_to_write_an_address(site, written):
    assert answer(site, written)["address"]["logins"] == ["alice"]


def test_dots_without_quotes(site):
    """As people write it in tables."""
    with open(site.folder / "senders", "a", encoding="utf-8") as table:
        table.write("john..doe@example.com john\n")
    for written in ("john..doe@example.com", '"john..doe"@example.com'):
        assert answer(site, written)["address"]["logins"] == ["john"]


def test_no_address_is_a_login(site):
    done = who(site, "Alice <alice@example.com>")
    assert "is no address that mail can come from: it is taken for a login" in done.stderr and done.returncode == 1
    assert done.stdout.startswith("What the login Alice <alice@example.com> may send as:\n  nothing")


def test_extensions_are_named(plain):
    plain.configure('senders: { recipient_delimiter = "+-"; };')
    assert lines(plain, "alice")[1].startswith(
        "alice@example.com, and with any +extension or -extension (but not -request) login")


def test_the_login_that_was_meant(site):
    with open(site.folder / "senders", "a", encoding="utf-8") as table:
        table.write("erik@example.com erik@example.com\n")
    site.configure('senders: { tables = [ "texthash:%s/senders" ]; };' % site.folder)
    assert "Is the login erik@example.com? That one is named by texthash:@/senders:7 erik@example.com" in lines(
        site, "erik", status=1)
    assert "Is the login alice? That one is named by texthash:@/senders:2 alice@example.com" in lines(
        site, "--login", "alice@example.com", status=1)


def test_an_address_that_is_a_login(site):
    with open(site.folder / "senders", "a", encoding="utf-8") as table:
        table.write("boss@example.com boss@example.com\n")
    printed = lines(site, "boss@example.com")
    assert "Who may send as boss@example.com, by texthash:@/senders:7 boss@example.com:" in printed
    assert "What the login boss@example.com may send as:" in printed
    both = answer(site, "boss@example.com")
    assert both["address"]["logins"] == ["boss@example.com"] and holding(both["login"]["rows"])
    assert set(answer(site, "--address", "boss@example.com")) == {"address"}
    assert set(answer(site, "--login", "boss@example.com")) == {"login"}


def test_a_table_that_does_not_answer_is_no_no(site):
    (site.folder / "patterns").write_text("/^(a+)+$/ alice\n")
    address = "a" * 40 + "@example.com"
    with open(site.folder / "senders", "a", encoding="utf-8") as table:
        table.write(f"{address.replace('@', '+x@')} alice\n")
    done = who(site, "--address", address)
    assert done.returncode == 75 and "patterns:1 match limit exceeded" in done.stderr
    assert done.stdout.startswith("Not known who may send as ")
    assert "unavailable" in answer(site, "--address", address, status=75)
    (site.folder / "senders").unlink()
    done = who(site, "alice")
    assert done.returncode == 75 and "senders: there is no such file" in done.stderr and not done.stdout


@DATABASES
def test_a_row_that_cannot_be_judged_is_no_no(site):
    (site.folder / "patterns").write_text("/^(a+)+$/ alice\n")
    (site.folder / "more").write_text("a" * 40 + "@example.com alice\n")
    make_database(site.folder, site.kind)
    done = who(site, "alice")
    assert done.returncode == 75 and "Not known:\n" in done.stdout and "match limit exceeded" in done.stderr


def test_nothing_reaches_the_terminal(site):
    """Tables are written by tools, too, out of what people typed."""
    with open(site.folder / "senders", "a", encoding="utf-8") as table:
        table.write("x@example.com alice,\x1b[2J,\u202ebob\n")
    for argument in ("x@example.com", "\x1b[2J", "\u202ebob"):
        done = who(site, "--login" if "@" not in argument else "--address", argument)
        assert "\x1b" not in done.stdout + done.stderr and "\u202e" not in done.stdout + done.stderr
    assert "\\x1b" in who(site, "x@example.com").stdout
    assert answer(site, "--address", "x@example.com")["address"]["logins"][1] == "\x1b[2J"


@pytest.mark.parametrize("arguments", [(), ("a", "b"), ("--login", "a", "b"), ("--other", "a"),
                                       ("--address", "no address"), ("--address", "a@b..c"), ("@",), ("",), ("--login", "")])
def test_wrong_arguments(plain, arguments):
    assert who(plain, *arguments).returncode == 64


def test_whether_mail_is_signed(plain):
    """Who may not read the keys can ask about senders all the same."""
    made = subprocess.run([CTL, "-c", plain.config, "key", "new", "example.com", "--selector", "s1", "--type", "ed25519"],
                          check=False, capture_output=True, timeout=60)
    assert made.returncode == 0, made.stderr
    assert "mail from example.com: signed, d=example.com s=s1 (ed25519-sha256)" in lines(plain, "alice@example.com")
    assert answer(plain, "--login", "alice")["login"]["signing"] == [
        {"domain": "example.com", "ours": True, "known": True, "mode": "enforce",
         "keys": [{"d": "example.com", "s": "s1", "a": "ed25519-sha256"}]},
        {"domain": "example.org", "ours": True, "known": True, "mode": "enforce", "keys": []}]
    assert "mail from other.example: not signed, and none of our domains" in lines(plain, "a@other.example")
    (plain.folder / "keys" / "example.com" / "s1.pem").chmod(0o644)
    assert any("not known whether it is signed" in line for line in lines(plain, "alice@example.com"))
    plain.configure('policies: { submission: { dkim: { mode = "off"; }; }; };')
    assert "mail from example.com: not signed, the rule dkim is off" in lines(plain, "alice@example.com")


def test_what_is_only_observed_is_not_signed(plain):
    """In the policy that holds for the login."""
    made = subprocess.run([CTL, "-c", plain.config, "key", "new", "example.com", "--type", "ed25519"],
                          check=False, capture_output=True, timeout=60)
    assert made.returncode == 0, made.stderr
    observed = "mail from example.com: not signed: rule dkim only observes in policy submission"
    plain.configure('policies: { submission: { dkim: { mode = "observe"; }; }; };')
    assert observed in lines(plain, "alice@example.com")
    signing = answer(plain, "--login", "alice")["login"]["signing"][0]
    assert (signing["mode"], signing["keys"]) == ("observe", [])
    plain.configure('groups: ( { name = "lab"; logins = [ "lab@example.com" ];'
                    ' rules: { dkim: { mode = "observe"; }; }; } );')
    assert observed in lines(plain, "--login", "lab@example.com")
    assert any("mail from example.com: signed" in line for line in lines(plain, "--login", "alice@example.com"))


def test_it_can_be_interrupted(site):
    """While it waits for a row that takes it long: nothing half-written, and one line."""
    with open(site.folder / "more", "w", encoding="utf-8") as rows:
        rows.writelines(f"u{number}@example.net alice\n" for number in range(200_000))
    site.configure('senders: { tables = [ "texthash:%s/more" ]; };' % site.folder)
    process = subprocess.Popen([CTL, "-c", site.config, "who", "alice", "--json"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    process.stdout.read(1000)  # it is at it, and waits for who reads
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and errors == b"submilterctl: interrupted\n"
