"""submilterctl verify: green where all is well, and for every row a site on which it is red."""

import fcntl
import os
import pty
import signal
import subprocess
import termios

import pytest

from harness.build import program
from harness.process import free_ports, run
from harness.submission import Submission, submit
from harness.waiting import PATIENCE, wait_until
from verify_site import VerifySite

CLEAR = ["clear-login", "clear-mail"]
SENT = ["server", *CLEAR, "tls", "old-tls", "no-login", "login", "spoofed-sender", "spoofed-from",
        "two-from", "hidden-break", "accepted"]
CAME_OUT = ["from", "subject", "message-id", "date", "trust-gone", "dkim", "dkim", "dns", "dns"]
ALL = [*SENT, "arrived", *CAME_OUT]


@pytest.fixture(scope="module")
def site():
    with VerifySite() as running:
        yield running


def is_clean(outcome, checks):
    assert outcome.named("pass") == checks and outcome.named("fail") == [] and outcome.status == 0, outcome
    return True


def test_a_sink_shows_that_all_is_well(site):
    outcome = site.verify()
    assert is_clean(outcome, ALL) and outcome.named("skip") == []
    assert (outcome.object["passed"], outcome.object["failed"], outcome.object["skipped"]) == (len(ALL), 0, 0)
    assert all(row["why"] and row["do"] is None for row in outcome.rows)
    for check in ("clear-mail", "no-login", "spoofed-sender", "spoofed-from", "two-from", "hidden-break"):
        assert outcome.row(check)["seen"].startswith("submilter refused"), outcome


def test_implicit_tls(site):
    outcome = site.verify("smtps")
    assert is_clean(outcome, [check for check in ALL if check not in CLEAR])
    assert outcome.named("skip") == CLEAR


def test_a_server_that_hangs_up_after_an_error(site):
    assert is_clean(site.verify("impatient"), ALL)


@pytest.mark.parametrize("to, place", [("mbox@box.example.net", "mbox"), ("folder@box.example.net", "folder")])
def test_a_mailbox_shows_that_all_is_well(site, to, place):
    assert is_clean(site.verify("submission", "--mailbox", str(site.mail / place), to=to, sink=False), ALL)


def test_what_was_refused_reached_nobody(site):
    """One message came out, whatever was tried."""
    before = len(site.sink.deliveries)
    outcome = site.verify(to="bob@example.net", sink=False)
    assert outcome.status == 0 and outcome.named("skip") == ["arrived"], outcome
    delivery = site.sink.wait_more_than(before)[0]
    assert b"-allowed\r\n" in delivery.data and b"spoofed" not in delivery.data
    assert submit(site, Submission(message=b"From: alice@example.com\r\n\r\nlast\r\n")).accepted
    site.sink.wait_token(b"\r\nlast\r\n")
    assert len(site.sink.deliveries) == before + 2


@pytest.fixture(scope="module")
def arrived(site):
    """A message that an admin has saved."""
    before = len(site.sink.deliveries)
    assert site.verify(to="bob@example.net", sink=False).status == 0
    return site.sink.wait_more_than(before)[0].data


def judged(site, data, *more):
    return site.ctl("verify", "alice@example.com", "--message", "-", "--resolver", site.dns.address, *more,
                    data=data)


@pytest.mark.parametrize("change", [
    lambda data: data, lambda data: data.replace(b"\r\n", b"\n"),
    lambda data: b"From alice@example.com Sat Nov 21 10:00:00 2026\n" + data.replace(b"\r\n", b"\n") + b"\n"],
    ids=["crlf", "lf", "mbox"])
def test_a_saved_message(site, arrived, change):
    assert is_clean(judged(site, change(arrived)), ["arrived", *CAME_OUT])


@pytest.mark.parametrize("change, red", [
    ((b"There is nothing", b"There was nothing"), ["dkim", "dkim"]),
    ((b"From: alice@", b"From: bob@"), ["from", "dkim", "dkim"]),
    ((b"\r\nDate:", b"\r\nX-Date:"), ["date", "dkim", "dkim"]),
    ((b"\r\nSubject: ", b"\r\nSubject: [list] "), ["subject", "dkim", "dkim"]),
    ((b"\r\nMessage-ID:", b"\r\nMessage-ID: <a@b.example>\r\nMessage-ID:"), ["message-id", "dkim", "dkim"]),
    ((b"\r\nSubject:", b"\r\nX-A: (forged by submilterctl verify TOKEN)\r\nSubject:"), ["trust-gone"]),
    ((b"s=s1e", b"s=s7"), ["dkim"]),
], ids=str)
def test_a_saved_message_that_was_changed(site, arrived, change, red):
    token = arrived.split(b"submilterctl verify ")[1][:20]
    changed = arrived.replace(change[0], change[1].replace(b"TOKEN", token))
    assert changed != arrived
    outcome = judged(site, changed)
    assert outcome.named("fail") == red and outcome.status == 1, outcome
    assert all(row["do"] for row in outcome.rows if row["result"] == "fail")


def test_what_is_no_message_of_ours(site):
    outcome = judged(site, b"From: alice@example.com\r\n\r\nend of test 0123\r\n")
    assert outcome.named("fail") == ["arrived"] and outcome.status == 66, outcome


# Listeners that are set wrong, and the rows that are red then.
WRONG = {
    "cleartext-login": ["clear-login"],
    "no-tls": ["clear-login", "tls"],
    "no-login": ["login"],
    "unguarded": ["clear-mail", "old-tls", "no-login", "spoofed-sender", "spoofed-from", "two-from", "hidden-break",
                  "message-id", "date", "trust-gone", "dkim", "dkim"],
    "silent-milter": ["clear-mail", "tls"],
    "silent-smtps": ["old-tls", "no-login", "login"],
    "observing": ["clear-mail", "old-tls", "no-login", "spoofed-sender", "spoofed-from", "two-from", "hidden-break",
                  "trust-gone"],
    "old-tls": ["old-tls"],
    "plain": ["message-id", "date"],
}


@pytest.mark.parametrize("service", WRONG)
def test_a_listener_that_is_set_wrong(site, service):
    outcome = site.verify(service)
    assert outcome.named("fail") == WRONG[service] and outcome.status == 1, outcome
    assert all(row["do"] for row in outcome.rows if row["result"] == "fail"), outcome


def queued(site, *names):
    return [path for name in names for path in (site.postfix.queue / name).rglob("*") if path.is_file()]


def test_nothing_is_left_in_the_queue(site):
    """Also what ought to have been refused is taken in, else Postfix holds the next run's mail back."""
    site.verify("unguarded")
    wait_until(lambda: not queued(site, "incoming", "active"), "the queue to come to rest")
    assert queued(site, "deferred") == []
    assert is_clean(site.verify(), ALL)


def test_what_observe_would_have_refused_is_said(site):
    seen = site.verify("observing").row("spoofed-from")["seen"]
    assert 'from: not enforced (mode = "observe" in policy "observing")' in seen


def test_a_milter_that_does_not_answer_is_no_guard(site):
    row = site.verify("silent-milter").row("tls")
    assert "offered, and refused: 454" in row["seen"] and "doctor" in row["do"]
    row = site.verify("silent-smtps").row("no-login")
    assert "for now only, and not by submilter: 451" in row["seen"] and "doctor" in row["do"]


def test_no_password_goes_where_tls_does_not_hold(site):
    outcome = site.verify("no-tls")
    assert outcome.named("skip") == ["login"] and outcome.rows[-1]["check"] == "login", outcome


def test_the_servers_own_checks_count(site):
    outcome = site.verify("own-checks")
    for check in ("clear-mail", "no-login", "spoofed-sender"):
        row = outcome.row(check)
        assert row["result"] == "pass" and row["seen"].startswith("the server itself refused"), outcome
    assert outcome.row("spoofed-from")["result"] == "fail" and outcome.status == 1


def test_an_unknown_address_proves_nothing(site):
    row = site.verify("unlisted", "--spoof", "ghost@example.com").row("spoofed-sender")
    assert row["result"] == "skip" and "--spoof" in row["seen"]


def test_forged_trust_may_be_refused_instead(site):
    outcome = site.verify("trust-refusing")
    assert outcome.row("forged-trust")["result"] == "pass" and outcome.status == 0, outcome
    assert outcome.named("skip") == ["trust-gone"]


def test_quarantine_and_tempfail(site):
    outcome = site.verify("quarantining")
    assert outcome.row("spoofed-from")["result"] == "skip" and "hold" in outcome.row("spoofed-from")["seen"], outcome
    outcome = site.verify("later")
    assert outcome.row("spoofed-from")["result"] == "pass" and outcome.status == 0, outcome


@pytest.mark.parametrize("to, red", [
    ("bob@subject.example.net", ["subject", "dkim", "dkim"]),
    ("bob@second-id.example.net", ["message-id", "dkim", "dkim"]),
    ("bob@from.example.net", ["from", "dkim", "dkim"]),
])
def test_what_changes_mail_after_it_was_signed(site, to, red):
    outcome = site.verify(to=to)
    assert outcome.named("fail") == red and outcome.status == 1, outcome


def test_what_does_not_come_out(site):
    outcome = site.verify("submission", "--wait", "1", to="bob@example.net")
    assert outcome.named("fail") == ["arrived"] and "0 connections" in outcome.row("arrived")["seen"], outcome
    outcome = site.verify("submission", "--wait", "1", "--mailbox", str(site.mail / "none"), sink=False,
                          to="bob@example.net")
    assert outcome.named("fail") == ["arrived"] and outcome.status == 1, outcome


def with_keys(site, tmp_path, *make):
    """A configuration that differs in the folder of keys."""
    keys = tmp_path / "keys"
    config = tmp_path / "submilter.conf"
    tmp_path.chmod(0o755)
    text = site.submilter.config.read_text("utf-8")
    config.write_text(text.replace(str(site.submilter.keys), str(keys)), "utf-8")
    keys.mkdir(mode=0o755)
    for arguments in make:
        run(program("ctl/submilterctl"), "-c", config, "key", "new", "example.com", *arguments)
    return config


@pytest.fixture
def folder(site):
    """Not pytest's own: a folder of keys has to lie where nobody else may write."""
    path = site.folder / "other"
    path.mkdir()
    yield path
    run("rm", "-r", path)


def test_keys_that_do_not_fit(site, folder):
    other = with_keys(site, folder, ["--selector", "s1"])
    outcome = site.verify(config=other)
    assert outcome.named("fail") == ["dkim", "dkim", "dns", "dns"], outcome
    assert "does not verify" in outcome.rows[-4]["seen"] and "another key" in outcome.rows[-1]["seen"], outcome


def test_a_key_that_does_not_sign_yet(site, folder):
    outcome = site.verify(config=with_keys(site, folder, ["--selector", "s9", "--type", "rsa"]))
    assert outcome.named("fail") == ["dkim", "dns"] and "no signature of example.com/s9" in outcome.row("dkim")["seen"]
    assert "is not in DNS" in outcome.row("dns")["seen"]


def test_no_key_at_all(site, folder):
    outcome = site.verify(config=with_keys(site, folder))
    assert outcome.named("fail") == ["dkim"] and "key new" in outcome.row("dkim")["do"], outcome


@pytest.mark.parametrize("record, said", [
    ("v=DKIM1; k=rsa; p=", "revoked"), ("v=DKIM1; k=rsa; p=AAAA", "another key"), ("x", "no p="),
    ("OURS; t=y", "t=y"), (["x", "OURS"], None), ("OURS;t=s", None), ("OURS-spaced", None)])
def test_records_in_dns(site, arrived, record, said):
    name = "s1._domainkey.example.com"
    ours = site.dns.records[name]
    texts = [record] if isinstance(record, str) else record
    spaced = ours.replace("p=MIIB", "p = MI IB")
    site.dns.records[name] = [text.replace("OURS-spaced", spaced).replace("OURS", ours) for text in texts]
    try:
        outcome = judged(site, arrived)
    finally:
        site.dns.records[name] = ours
    row = [row for row in outcome.rows if row["check"] == "dns"][0]
    assert (row["result"], outcome.status) == (("fail", 1) if said else ("pass", 0)), outcome
    assert not said or said in row["seen"], outcome


def test_no_dns(site, arrived):
    outcome = site.ctl("verify", "alice@example.com", "--message", "-", "--no-dns", data=arrived)
    assert outcome.named("skip") == ["dns", "dns"] and outcome.status == 0, outcome
    resolver = f"127.0.0.1@{free_ports(1)[0]}"
    outcome = site.ctl("verify", "alice@example.com", "--message", "-", "--resolver", resolver, "--timeout", "1",
                       data=arrived)
    assert outcome.named("skip") == ["dns", "dns"] and "could not be looked up" in outcome.rows[-1]["seen"], outcome


def test_a_certificate_that_does_not_hold(site):
    port = site.postfix.port("submission")
    common = ["--password-file", site.password, "--sink", str(site.sink_port), "--to", "bob@sink.example.net",
              "--resolver", site.dns.address]
    outcome = site.ctl("verify", "alice@example.com", "--server", f"127.0.0.1:{port}", *common)
    assert outcome.named("fail") == ["tls"] and outcome.named("skip") == ["login"] and outcome.status == 1, outcome
    outcome = site.ctl("verify", "alice@example.com", "--server", f"other.example.com:{port}",
                       "--connect", "127.0.0.1", "--ca", site.certificates.ca, *common)
    assert outcome.named("fail") == ["tls"] and "other.example.com" in outcome.row("tls")["seen"], outcome
    outcome = site.ctl("verify", "alice@example.com", "--server", f"mail.example.com:{port}",
                       "--connect", "127.0.0.1", "--ca", site.certificates.ca, *common)
    assert is_clean(outcome, ALL)
    outcome = site.ctl("verify", "alice@example.com", "--server", f"127.0.0.1:{port}", "--insecure", *common)
    assert is_clean(outcome, ALL) and "--insecure" in outcome.row("tls")["seen"]


def test_logins(site):
    assert is_clean(site.verify("submission", "--mechanism", "LOGIN"), ALL)
    outcome = site.verify("submission", "--mechanism", "CRAM-MD5")
    assert outcome.named("fail") == ["accepted"] and "[auth.mechanism " in outcome.row("accepted")["seen"]
    assert outcome.named("skip") == ["spoofed-sender", "spoofed-from", "two-from", "hidden-break"], outcome
    outcome = site.verify("submission", "--login", "nobody@example.com")
    assert outcome.named("fail") == ["login"] and "535" in outcome.row("login")["seen"], outcome
    outcome = site.verify("submission", "--login", "bob@example.com")
    assert outcome.named("fail") == ["accepted"] and "[envelope.not-owned " in outcome.row("accepted")["seen"]


def test_no_server(site):
    (port,) = free_ports(1)
    outcome = site.ctl("verify", "alice@example.com", "--server", f"127.0.0.1:{port}",
                       "--password-file", site.password)
    assert outcome.named("fail") == ["server"] and outcome.status == 69, outcome


@pytest.mark.parametrize("arguments, status, said", [
    ([], 64, "name the address"), (["alice"], 64, '"alice"'), (["a@b.example", "c@d.example"], 64, "one address"),
    (["a@b.example", "--server", "x/y"], 64, '"x/y"'), (["a@b.example", "--server", "x:0"], 64, '"0"'),
    (["a@b.example", "--tls", "no"], 64, '"no"'), (["a@b.example", "--sink", "x"], 64, "--sink"),
    (["a@b.example", "--sink", "25", "--mailbox", "m"], 64, "one place"),
    (["a@b.example", "--to", "x\r\ny@z.example"], 64, "--to"),
    (["a@b.example", "--password-file", "/nonexistent"], 66, "/nonexistent"),
    (["a@b.example", "--sink", "192.0.2.1:2525"], 71, "192.0.2.1"),
], ids=str)
def test_wrong_arguments(site, arguments, status, said):
    outcome = site.ctl("verify", *arguments)
    assert outcome.status == status and said in outcome.stderr and outcome.rows == [], outcome


def test_a_table_for_people(site):
    done = site.submilter.ctl(*site.arguments("cleartext-login", "--password-file", site.password), "--to",
                              "bob@sink.example.net", "--sink", str(site.sink_port), check=False)
    lines = done.stdout.decode().splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("FAIL  clear-login     AUTH is offered without TLS: ")]
    assert lines[at + 1].lstrip().startswith("why: ") and lines[at + 2].lstrip().startswith("do:  Postfix: ")
    assert lines[-1] == f"{len(ALL) - 1} passed, 1 failed, 0 skipped" and done.returncode == 1


class Terminal:
    """submilterctl on a terminal of its own."""

    def __init__(self, arguments, on_interrupt=signal.SIG_DFL):
        self.ours, self.theirs = pty.openpty()

        def control():
            signal.signal(signal.SIGINT, on_interrupt)  # whatever whoever runs the tests does with it
            os.setsid()
            fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)

        self.said = b""
        self.process = subprocess.Popen(arguments, stdin=self.theirs, stdout=self.theirs, stderr=self.theirs,
                                        preexec_fn=control)  # pylint: disable=subprocess-popen-preexec-fn

    def read_until(self, text):
        while text not in self.said:
            self.said += os.read(self.ours, 4096)

    def echoes(self):
        return bool(termios.tcgetattr(self.theirs)[3] & termios.ECHO)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def terminal(site, request):
    arguments = site.arguments("submission", "--to", "bob@sink.example.net", "--sink", str(site.sink_port))
    asked = Terminal([program("ctl/submilterctl"), "-c", site.submilter.config, *map(str, arguments)],
                     getattr(request, "param", signal.SIG_DFL))
    asked.read_until(b"Password of alice@example.com: ")
    wait_until(lambda: not asked.echoes(), "the terminal to fall silent")
    yield asked
    asked.close()


def test_a_password_from_the_terminal(terminal):
    os.write(terminal.ours, b"secret\n")
    terminal.read_until(b"0 failed, 0 skipped")
    assert terminal.process.wait(PATIENCE) == 0
    assert b"secret" not in terminal.said and terminal.echoes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_terminal_is_left_as_it_was(terminal, number):
    if number == signal.SIGINT:
        os.write(terminal.ours, b"\x03")
    else:
        terminal.process.send_signal(number)
    assert terminal.process.wait(PATIENCE) == -number
    assert terminal.echoes()


@pytest.mark.parametrize("terminal", [signal.SIG_IGN], indirect=True)
def test_an_ignored_signal_stays_ignored(terminal):
    """As in a shell's background, or behind nohup."""
    os.write(terminal.ours, b"\x03secret\n")
    terminal.read_until(b"0 failed, 0 skipped")
    assert terminal.process.wait(PATIENCE) == 0 and terminal.echoes()
