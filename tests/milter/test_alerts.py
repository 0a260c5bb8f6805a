"""An admin is told once of each login and cause, and mail never waits for that."""

import email
import email.policy
import os
import shutil
import signal
import subprocess

import pytest

from daemon import CONFIG, USER, Daemon
from gate import Gate
from harness.build import TOP, program
from harness.certificates import Certificates
from harness.milter_mta import Client, Message
from harness.process import WITHOUT_SIGCHLD, free_ports, run
from harness.shifted_clock import ShiftedClock
from harness.sink import Sink
from harness.told import Told, Webhook
from harness.unit_file import confined
from harness.waiting import PATIENCE, wait_until

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="needs mounts, which only root can make")
LIMITED = """\
policies: {{ submission: {{ {rules} }}; }};
counters: {{ file = "{folder}/lib/limits"; }};
alerts: {{ {alerts} }};
"""
LIMIT = "limits: {{ mode = \"enforce\"; contain = [ ]; login = [ \"{most} messages/hour\" ]; }};"
ANYBODY = "".join(f'{rule}: {{ mode = "off"; }}; ' for rule in ("envelope", "from"))  # may be anybody
HOSTILE = "x'; $(id) \"\r\nBcc: victim@example.net\r\n\x1b[2J\u202e@example.com"


class Site:
    """A daemon that lets a login send so many messages an hour, and whom it tells."""

    def __init__(self, most=2, alerts=None, rules="", then="", **options):
        self.daemon = Daemon(config=CONFIG, **options)
        self.told = Told(self.daemon.folder / "lib", then)
        self.most, self.rules = most, rules
        if os.getuid() == 0:
            shutil.chown(self.told.program, USER)
        self.configure(f'command = "{self.told.program}";' if alerts is None else alerts)
        self.gate = Gate(self.daemon)

    def configure(self, alerts):
        rules = LIMIT.format(most=self.most) + self.rules
        self.daemon.configure(LIMITED.format(rules=rules, folder=self.daemon.folder, alerts=alerts))

    def send(self, count=1, login="alice@example.com", address=None):
        """That many messages of a login, as what it owns; how many were let go."""
        player = self.gate.player(Client(login=login))
        address = address or f"<{login}>"
        message = Message(mail_from=address).with_headers(("From", f" {address}"), ("Subject", " x"))
        let_go = sum(player.message(message).accepted for _ in range(count))
        player.session.close()
        return let_go

    def ctl(self, *arguments):
        return run(program("ctl/submilterctl"), "-c", self.daemon.config, *arguments)

    def log(self):
        return self.daemon.log()[-4000:]


@pytest.fixture
def start_site():
    sites = []

    def start(**options):
        site = Site(**options)
        sites.append(site)
        site.daemon.start()
        site.daemon.wait_for_log("started: ")  # the counters' secret is made behind the socket
        return site

    yield start
    try:
        for site in sites:
            if site.daemon.alive():
                assert site.daemon.stop() == 0, site.log()
    finally:
        for site in sites:
            site.daemon.remove()


def test_once_a_login_and_cause(start_site):
    site = start_site()
    assert site.send(6) == 2
    alert, = site.told.wait(1, site.log)
    assert site.send(4, "bob@example.com") == 2
    site.told.wait(2, site.log)  # behind whatever there was of alice's
    assert {"event=limited", "who=alice@example.com", "cause=limits.login"} == set(site.told.words()[0]) or \
        "who=bob@example.com" in site.told.words()[0]
    assert alert["who"] == alert["login"] == "alice@example.com"
    assert (alert["event"], alert["cause"], alert["subject"]) == ("limited", "limits.login", "login")
    assert alert["fact"] == "login 3 messages/hour of 2"
    assert alert["counts"]["messages"]["hour"] == 2
    assert alert["client"] == "192.0.2.7" and alert["host"] == "mx.example.com"
    assert alert["commands"]["look"] == f"submilterctl -c {site.daemon.config} login show alice@example.com"
    assert f"submilterctl -c {site.daemon.config} explain {alert['id']}" in alert["text"]
    assert alert["id"] in {record["id"] for record in site.daemon.records() if record["reason"] == "login"}
    assert site.daemon.log().count("alert: login alice@example.com is over a limit: limits.login") == 1


def test_once_where_sigchld_was_ignored(start_site):
    """That a program ended well is heard at once, and it is not run again."""
    site = start_site(wrapper=WITHOUT_SIGCHLD)
    assert site.send(3) == site.send(3, "bob@example.com") == 2
    site.told.wait(2, site.log)  # bob's comes behind whatever there was of alice's
    assert "alerts.command: " not in site.log()


@pytest.fixture
def shifted_site():
    """With a clock of its own."""
    if confined():
        pytest.skip("libfaketime needs /dev/shm, which the unit hides")
    site = Site()
    site.clock = ShiftedClock(site.daemon.folder)
    site.daemon.environment = site.clock.environment()
    try:
        site.daemon.start()
        yield site
        assert site.daemon.stop() == 0, site.log()
    finally:
        site.daemon.remove()


def who(alerts):
    return [alert["who"].split("@")[0] for alert in alerts]


def test_again_when_the_time_is_over(shifted_site):
    site = shifted_site
    assert site.send(3) == 2
    site.told.wait(1, site.log)
    site.clock.set(3000)
    assert site.send(1) == 0
    assert site.send(3, "bob@example.com") == 2
    site.told.wait(2, site.log)
    site.clock.set(3700)
    site.send(4)
    assert who(site.told.wait(3, site.log)) == ["alice", "bob", "alice"]


def test_not_again_after_a_start(shifted_site):
    site = shifted_site
    assert site.send(3) == 2
    site.told.wait(1, site.log)
    assert site.daemon.stop() == 0
    site.daemon.start()
    assert site.send(1) == 0
    assert site.send(3, "bob@example.com") == 2
    assert who(site.told.wait(2, site.log)) == ["alice", "bob"]


def test_what_an_admin_froze(start_site):
    site = start_site(most=100)
    site.ctl("login", "freeze", "alice@example.com", "--because", "phished")
    wait_until(lambda: site.send(1) == 0, "the freeze to come into force", explain=site.log)
    alert, = site.told.wait(1, site.log)
    assert alert["event"] == "held" and alert["state"] == "frozen" and alert["until"] is None
    assert "phished" in alert["cause"]
    assert alert["commands"]["thaw"] == f"submilterctl -c {site.daemon.config} login thaw alice@example.com"
    site.ctl("login", "thaw", "alice@example.com")
    wait_until(lambda: site.send(1) == 1, "the thaw to come into force", explain=site.log)


def test_a_sign_of_theft(start_site):
    site = start_site(most=100, rules='many_refusals: { mode = "enforce"; max_hour = 2; then = "freeze"; };')
    player = site.gate.player()
    for _ in range(4):
        assert not player.message(Message(mail_from="<ceo@example.com>")).accepted
    player.session.close()
    alert, = site.told.wait(1, site.log)
    assert (alert["event"], alert["state"], alert["cause"]) == ("frozen", "frozen", "many_refusals.hour")
    assert alert["fact"] and alert["until"]
    assert "None of its mail goes out" in alert["text"]
    site.ctl("login", "thaw", "alice@example.com")  # what was counted is still there, and no news
    wait_until(lambda: site.send(1) == 1, "the thaw to come into force", explain=site.log)
    assert site.send(3) == 3


def test_what_a_client_typed_stays_text(start_site):
    site = start_site(most=0, rules=ANYBODY)
    site.send(1, HOSTILE, "<a@example.com>")
    alert, = site.told.wait(1, site.log)
    words, = site.told.words()
    assert len(words) == 3 and words[1].startswith("who=x'; $(id)")
    for text in (alert["title"], alert["who"], alert["cause"], *alert["text"].splitlines(), *words):
        assert text.isprintable(), text
    assert "\nBcc" not in alert["text"]


@pytest.mark.parametrize("login, shown", [
    ("j\u00fcrgen@example.com", "j\u00fcrgen@example.com"),
    # Python decodes it, and writes the line break that is in it (CPython's gh-121650).
    ("=?utf-8?q?x=0abcc:_eve=40example.net?=@example.com", "= ?utf-8?q?x=0abcc:_eve=40example.net?=@example.com"),
], ids=["a name", "an encoded line break"])
def test_the_mail_that_is_shipped(start_site, login, shown):
    sink = Sink()
    try:
        site = start_site(alerts="", rules=ANYBODY)
        mailer = shutil.copy(TOP / "contrib/alerts/mail", site.daemon.folder / "mail")
        site.configure(f'command = "{mailer} postmaster@example.com 127.0.0.1:{sink.port}";')
        site.daemon.reload()
        site.daemon.wait_for_log("reloaded:")
        assert site.send(3, login, "<a@example.com>") == 2
        wait_until(lambda: sink.deliveries, "the mail", explain=site.log)
        delivery, = sink.deliveries
        mail = email.message_from_bytes(delivery.data, policy=email.policy.default)
        assert delivery.sender == "<postmaster@example.com>" and delivery.recipients == [delivery.sender]
        assert mail["Subject"] == f"submilter: login {shown} is over a limit: limits.login" and not mail["Bcc"]
        assert "messages" in mail.get_content() and not mail.defects
        assert delivery.greeting == b"mx.example.com"  # for a name of its own it may wait for a name server
    finally:
        sink.stop()


@pytest.mark.parametrize("words, said", [
    (("a@example.com", "127.0.0.1:{port}"), "127.0.0.1:{port}: [Errno 111] Connection refused"),
    (("a@example.com", "localhost"), "localhost: expected a server as SERVER:PORT"),
    ((), "expected in alerts.command, behind this program: ADDRESS [SERVER:PORT]"),
], ids=["nobody answers", "no port", "no address"])
def test_the_mail_that_is_shipped_says_what_failed(words, said):
    """In its first line, which is all of it that the log has."""
    port = free_ports(1)[0]
    words = [word.format(port=port) for word in words]
    done = subprocess.run([TOP / "contrib/alerts/mail", *words, "event=limited", "who=a", "cause=b"], check=False,
                          input='{"host": "h", "title": "t", "text": "x"}', text=True, stderr=subprocess.PIPE,
                          timeout=PATIENCE)
    assert done.returncode == 1 and done.stderr.splitlines() == [said.format(port=port)]


def test_a_reload_changes_who_is_told(start_site):
    with Webhook() as hook:
        site = start_site(alerts="")
        assert site.send(3) == 2
        site.daemon.wait_for_log("alert: login alice@example.com")
        site.configure(f'webhook = "{hook.url}";')
        site.daemon.reload()
        site.daemon.wait_for_log("reloaded:")
        assert site.send(3, "bob@example.com") == 2
        hook.wait(1, site.log)
        assert [body["who"] for _, _, body in hook.requests] == ["bob@example.com"]


def test_a_program_that_fails_is_run_again(start_site):
    site = start_site(then='test -e "$folder/again" || { touch "$folder/again"; echo no route; exit 75; }')
    assert site.send(3) == 2
    site.told.wait(1, site.log)
    assert site.told.begun() == 2
    assert "alerts.command: it ended with exit code 75: no route; to be tried again in 1 s" in site.daemon.log()


def test_a_program_that_is_not_there(start_site):
    site = start_site(alerts='command = "/nonexistent/tell";')
    assert site.send(3) == 2
    site.daemon.wait_for_log("alerts.command: cannot be run: No such file or directory")
    assert site.send(2, "bob@example.com") == 2


def children(pid):
    """The processes that a process has started, by number."""
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
            found += map(int, file.read().split())
    return found


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_mail_and_the_end_wait_for_no_program(start_site):
    """One hangs and ignores SIGTERM: mail goes on, the daemon stops, and nothing is left of it."""
    site = start_site(then='trap "" TERM; echo $$ >"$folder/pid"; while :; do sleep 60; done')
    assert site.send(3) == 2
    pid_file = site.daemon.folder / "lib" / "pid"
    wait_until(lambda: pid_file.exists() and pid_file.read_text(), "the program to hang", explain=site.log)
    pid = int(pid_file.read_text())
    for login in ("bob@example.com", "carol@example.com"):
        assert site.send(3, login) == 2
    assert site.told.begun() == 1 and alive(pid)
    assert site.daemon.stop() == 0
    assert not alive(pid)
    assert "it was killed: the daemon had to end" in site.daemon.log()
    assert "were not told: the daemon had to end" in site.daemon.log()


def test_no_zombie_is_left(start_site):
    site = start_site()
    for number in range(5):
        site.send(3, f"user{number}@example.com")
    site.told.wait(5, site.log)
    wait_until(lambda: not children(site.daemon.process.pid), "the programs to be waited for", explain=site.log)


def test_a_flood_of_causes(start_site):
    """More than the queue holds, while nobody is told: the rest is counted."""
    site = start_site(most=0, then='while ! test -e "$folder/go"; do sleep 0.05; done')
    for number in range(300):
        assert site.send(1, f"user{number}@example.com") == 0
    (site.daemon.folder / "lib" / "go").touch()
    site.daemon.wait_for_log("were not told: too many at once", 60)
    # One may come twice: on a slow machine the first command waits for longer than it may.
    wait_until(lambda: len(set(who(site.told.all()))) >= 256, "all that fitted", explain=site.log)


def test_a_webhook_gets_the_same(start_site):
    with Webhook() as hook:
        site = start_site(alerts=f'webhook = "{hook.url}";')
        assert site.send(3) == 2
        (path, headers, body), = hook.wait(1, site.log)
        assert path == "/hook/secret-token" and headers["Content-Type"] == "application/json"
        assert body["who"] == "alice@example.com" and body["title"] in body["text"]


@pytest.mark.parametrize("status", [500, 307])
def test_a_webhook_that_fails_is_asked_again(start_site, status):
    with Webhook([status]) as hook:
        site = start_site(alerts=f'webhook = "{hook.url}";')
        assert site.send(3) == 2
        first, second = hook.wait(2, site.log)
        assert first[0] == second[0] and first[2] == second[2]
        assert f"it answered {status}; to be tried again in 1 s" in site.daemon.log()
        assert "secret-token" not in site.daemon.log()


def test_a_webhook_that_nobody_answers_at(start_site):
    with Webhook([None]) as hook:
        site = start_site(alerts=f'webhook = "{hook.url}";')
        assert site.send(3) == 2
        hook.wait(1, site.log)
        assert site.send(2, "bob@example.com") == 2
        assert site.daemon.stop() == 0
        assert "it had not answered when the daemon had to end" in site.daemon.log()


def test_a_webhook_that_is_not_there(start_site):
    site = start_site(alerts=f'webhook = "http://127.0.0.1:{free_ports(1)[0]}/";')
    assert site.send(3) == 2
    site.daemon.wait_for_log("alerts.webhook: http://127.0.0.1:")
    assert site.send(2, "bob@example.com") == 2


def test_a_webhook_whose_certificate_nobody_vouches_for(start_site, tmp_path):
    with Webhook(certificates=Certificates(tmp_path / "tls")) as hook:
        site = start_site(alerts=f'webhook = "{hook.url}";')
        assert site.send(3) == 2
        site.daemon.wait_for_log("alerts.webhook: https://127.0.0.1:", 30)
        assert "certificate" in site.daemon.log()
        assert not hook.requests


@AS_ROOT
def test_a_webhook_over_tls(start_site, tmp_path):
    """The system vouches for it: in a namespace where its authorities are ours."""
    certificates = Certificates(tmp_path / "tls")
    authorities = tmp_path / "certs"
    authorities.mkdir()
    shutil.copy(certificates.ca, authorities / "ca-certificates.crt")
    for path in (tmp_path.parent, tmp_path, authorities):
        path.chmod(0o755)
    (authorities / "ca-certificates.crt").chmod(0o644)
    enter = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/ssl/certs && exec "$@"', authorities)
    with Webhook(certificates=certificates) as hook:
        site = start_site(alerts=f'webhook = "{hook.url}";', wrapper=enter)
        assert site.send(3) == 2
        (_, _, body), = hook.wait(1, site.log)
        assert body["who"] == "alice@example.com"


def test_both_and_what_waits_at_the_end(start_site):
    """An alert that comes just before the daemon ends is told still."""
    with Webhook() as hook:
        site = start_site(most=0)
        site.configure(f'command = "{site.told.program}"; webhook = "{hook.url}";')
        site.daemon.reload()
        site.daemon.wait_for_log("reloaded:")
        site.send(1)
        site.daemon.process.send_signal(signal.SIGTERM)
        assert site.daemon.stop() == 0
        site.told.wait(1, site.log)
        assert len(hook.requests) == 1
