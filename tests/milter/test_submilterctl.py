"""submilterctl test: what it prints is safe to look at, and what it decides is what the daemon decides."""

import json
import re
import subprocess

import pytest

from daemon import BUILD, Daemon
from look_back import unheard

HEAD = b"From: alice@example.com\nTo: bob@example.net\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n"


@pytest.fixture
def site():
    daemon = Daemon()
    yield daemon
    daemon.remove()


def judge(site, message, *options):
    return subprocess.run([str(BUILD / "ctl" / "submilterctl"), "-c", str(site.config), "test",
                           "--login", "alice@example.com", *options], input=message, timeout=60,
                          stdout=subprocess.PIPE, check=False)


@pytest.mark.parametrize("value, shown", [
    (b"\x1b[2J", rb"\x1b[2J"), (b"\x9b2J", rb"\x9b2J"), (b"\xc2\x9b2J", rb"\u009b2J"),
    (b"\xe2\x80\xaex", rb"\u202ex"), (b"\xe2\x80\xa8x", rb"\u2028x"), (b"\xff", rb"\xff"),
    (b"\xc3\xa4", b"\xc3\xa4")])
def test_nothing_reaches_the_terminal(site, value, shown):
    """Controls of one byte and of two, what turns a line round, and what is no text at all."""
    done = judge(site, HEAD + b"Message-ID: <a " + value + b"@example.com>\n\nx\n")
    line = next(line for line in done.stdout.split(b"\n") if b"message_id" in line)
    assert shown in line, line
    assert value == shown or value not in done.stdout


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_large_bodies_are_judged_as_by_the_daemon(site, end):
    """Whatever its line ends: the body is no burden on the memory of one message."""
    message = (HEAD + b"\n").replace(b"\n", end) + (b"x" * 70 + end) * 300_000
    done = judge(site, message)
    assert done.returncode == 0 and b"decision: fix" in done.stdout, done.stdout[-600:]


@pytest.mark.parametrize("options, added", [((), 0), (("--sendmail", "mail.example.com"), 2)], ids=["postfix", "sendmail"])
def test_what_sendmail_would_write_anew(site, options, added):
    """Judged as mail of a Sendmail of that name, which completes what has no domain."""
    message = b"From: Alice B. <alice@example.com>\r\nTo: root\r\n\r\nx\r\n"
    done = judge(site, message, "--json", *options)
    edits = [edit for edit in json.loads(done.stdout)["edits"] if edit["rule"] == "address_form"]
    assert len(edits) == added and done.returncode == 0, done.stdout
    assert (b"root@mail.example.com" in done.stdout) == bool(added)


def complaint(site, *arguments):
    """What it says before its usage text; it must end with 64 or 66."""
    done = subprocess.run([str(BUILD / "ctl" / "submilterctl"), "-c", str(site.config), *arguments],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          check=False, text=True)
    assert done.returncode in (64, 66) and done.stdout == "", done
    return done.stderr.split("usage:")[0]


def test_wrong_arguments_are_named(site):
    assert '"submision"' in complaint(site, "test", "--listener", "submision")
    assert "there are: submission, login, local, inbound" in complaint(site, "test", "--listener", "x")
    assert '"localhost"' in complaint(site, "test", "--client", "localhost")
    for version in ("1.1", "tlsv1.1", "TLSv9", ""):
        assert f'found "{version}"' in complaint(site, "test", "--tls", f"{version}:TLS_AES_256_GCM_SHA384")
    assert '"dsa"' in complaint(site, "key", "new", "example.net", "--type", "dsa")
    assert '"neu"' in complaint(site, "key", "neu", "example.net")
    assert "name the domain" in complaint(site, "key", "new")


def test_what_is_no_message_is_named(site):
    assert "Is a directory" in complaint(site, "test", str(site.folder))
    assert "No such file" in complaint(site, "test", str(site.folder / "none.eml"))


@pytest.mark.parametrize("arguments, command", [
    (("login", "alice"), "login show"), (("enforce",), "conf lists them"), (("ready", "x"), "ready lists the words"),
    (("doctor", "--list"), "key show --dns"), (("report", "--file", "{folder}/none", "--html", "-"), "explain ID"),
    (("key", "show", "example.net"), "key new example.net")], ids=str)
def test_what_hints_name_looks_at_the_same_configuration(site, arguments, command):
    (site.folder / "none").write_text("")
    done = subprocess.run([str(BUILD / "ctl" / "submilterctl"), "-c", str(site.config),
                           *(word.format(folder=site.folder) for word in arguments)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                          check=False, text=True)
    assert f"submilterctl -c {site.config} {command}" in done.stdout, done.stdout


@pytest.mark.parametrize("domain, quoted", [
    ("it's.example", "'it'\\''s.example'"), ("a b", "'a b'"), ("", "''"), ("[192.0.2.1]", "'[192.0.2.1]'")])
def test_what_is_no_domain_has_no_key(site, domain, quoted):
    done = subprocess.run([str(BUILD / "ctl" / "submilterctl"), "-c", str(site.config), "key", "show", domain],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          check=False, text=True)
    assert done.returncode == 1 and done.stdout == "", done
    assert done.stderr.endswith(f" key new {quoted}\n"), done


PRINTING = [
    ("--help",), ("--version",), ("key", "--help"), ("conf",), ("conf", "--defaults"), ("doctor", "--list"),
    ("doctor", "--mta", "none"), ("doctor", "--mta", "none", "--json"), ("key", "show"), ("key", "show", "--dns"),
    ("test", "{folder}/mail"), ("test", "--json", "{folder}/mail"), ("who", "alice@example.com"),
    ("who", "alice@example.com", "--json"), ("check", "{folder}/expected"), ("check", "--json", "{folder}/expected"),
    ("ready",), *((*command, "--file", "{folder}/records") for command in (
        ("observed",), ("observed", "--json"), ("propose", "senders"), ("ready", "tls1.3"), ("replay",), ("replay", "--json"),
        ("report",), ("report", "--json"), ("report", "--html", "-"), ("top",), ("log",), ("log", "--json"), ("log", "--follow")))]
RECORD = {"v": 1, "id": "01KAK0000000000000000000AA", "time": "2026-11-21T10:00:00.000Z", "action": "accept"}


@pytest.mark.parametrize("to, cause", [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_what_nobody_got_is_no_success(site, arguments, to, cause):
    """Whatever the answer would have been; and no file is taken for a standard output that is closed."""
    (site.folder / "mail").write_bytes(HEAD + b"\nx\n")
    (site.folder / "expected").write_text("alice@example.com: accepted\n")
    (site.folder / "records").write_text(json.dumps(RECORD) + "\n")
    said = unheard(site, *(word.format(folder=site.folder) for word in arguments), to=to)
    assert said.count("standard output could not be written") == 1 and "change was made" not in said, said
    assert cause in said or "conf" in arguments, said


def test_a_key_is_made_beside_one_that_is_too_weak(site):
    """As that one's complaint says."""
    folder = site.folder / "keys" / "example.net"
    folder.mkdir(mode=0o700)
    subprocess.run(["openssl", "genrsa", "-out", str(folder / "weak.pem"), "1024"], check=True, capture_output=True)
    (folder / "weak.pem").chmod(0o600)
    done = subprocess.run([str(BUILD / "ctl" / "submilterctl"), "-c", str(site.config), "key", "new", "example.net",
                           "--selector", "s"], check=False, capture_output=True, timeout=60, text=True)
    assert (folder / "s.pem").exists() and "too weak" in done.stderr, done


def test_no_key_is_made_that_would_be_too_many(site):
    """The daemon would load none of them."""
    folder = site.folder / "keys" / "example.net"
    command = [str(BUILD / "ctl" / "submilterctl"), "-c", str(site.config), "key", "new", "example.net", "--selector"]
    for number in range(15):
        subprocess.run([*command, f"s{number}", "--type", "ed25519"], check=True, capture_output=True, timeout=60)
    done = subprocess.run([*command, "more"], check=False, capture_output=True, timeout=60, text=True)
    assert done.returncode == 73 and "there are 15 keys, of 16 at most" in done.stderr, done
    assert len(list(folder.glob("*.pem"))) == 15
    subprocess.run([*command, "more", "--type", "ed25519"], check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("to", [">/dev/full", ">&-"])
def test_a_key_is_made_whose_records_nobody_got(site, to):
    assert "the change was made" in unheard(site, "key", "new", "example.net", to=to)
    assert list((site.folder / "keys" / "example.net").glob("*.pem")) != []


def test_errors_stay_what_they_are(site):
    """So does what prints nothing."""
    assert "standard output" not in unheard(site, "key", "show", "example.net", status=1)
    assert "standard output" not in unheard(site, "test", str(site.folder / "none.eml"), to=">&-", status=66)


COMMANDS = ["check", "conf", "doctor", "enforce", "explain", "history", "key", "limits", "log", "login", "observe", "observed",
            "propose", "ready", "replay", "report", "setup", "test", "top", "verify", "who"]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_usage_names_what_the_help_explains(site, command):
    """Each option in the list below it."""
    done = subprocess.run([str(BUILD / "ctl" / "submilterctl"), command, "--help"], stdout=subprocess.PIPE, timeout=60,
                          check=True, text=True)
    usage, _, options = done.stdout.partition("\n\n")
    explained = re.findall(r"^  (--[a-z-]+)", options, re.MULTILINE)
    assert [option for option in explained if not re.search(option + r"(?![a-z-])", usage)] == []


def test_the_usage_of_limits_show(site):
    """It takes --json of whomever it is asked for, and reset does not."""
    said = complaint(site, "limits", "reset", "--host", "--json")
    assert "--json" in said
    usage = subprocess.run([str(BUILD / "ctl" / "submilterctl"), "limits", "--help"], stdout=subprocess.PIPE, timeout=60,
                           check=True, text=True).stdout.replace("\n          ", " ")
    shows = [line for line in usage.splitlines() if "limits show" in line]
    assert "LOGIN" in shows[0] and "--group" in "".join(shows) and all("--json" in line for line in shows), usage
    assert not any("reset" in line for line in shows), usage
