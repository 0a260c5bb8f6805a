"""Three Postfixes, each with a daemon of its own, that count together in one real Redis."""

import contextlib
import math
import secrets
import shutil
import tempfile
import threading
import time
from pathlib import Path

from harness import postfix
from harness.between import Between
from harness.guarded_site import GuardedSite
from harness.postfix import Postfix
from harness.redis import Redis
from harness.smtp import Disconnected
from harness.submilter import USER
from harness.submission import Refused, Submission, open_session, submit, transaction
from harness.waiting import wait_until

SITES = 3
LIMIT = 60  # messages an hour, of a login
BYSTANDERS = 40  # logins that nobody holds back
MESSAGE = b"From: %s\r\nTo: bob@example.net\r\nSubject: x\r\n\r\nx\r\n"


def mail_of(login, rcpt="<bob@example.net>"):
    return Submission(login=login, mail_from=f"<{login}>", rcpts=(rcpt,), message=MESSAGE % login.encode())


def is_alone(record):
    """Whether it was judged by its host's share, at last."""
    limits = record["limits"]
    return bool(limits.get("settled", limits).get("degraded_hosts"))


def had_sent(record):
    """Messages of its login within the hour, as its host knew it at last, before this one."""
    limits = record["limits"]
    for seen in (limits.get("settled", {}), limits):
        if "messages" in seen.get("login", {}):
            return seen["login"]["messages"][1]
    return 0


def has_left(record):
    return record["command"] is None and record["action"] not in ("reject", "tempfail")


class FleetSite(GuardedSite):
    """One of the hosts; asks Redis through something that can spoil it."""

    def __init__(self, number, redis, secret, logins):
        self.between = None
        super().__init__([postfix.Service("submission")], self.settings_of, Postfix)
        self.number = number
        self.mta.logins = logins
        self.submilter.senders.write_text("".join(f"{login} {login}\n" for login in logins))
        self.between = self.run(Between(self.folder / "redis.sock", redis.socket))
        secret_file = self.submilter.library / "fleet-secret"
        secret_file.write_bytes(secret)
        secret_file.chmod(0o600)
        shutil.chown(secret_file, USER)
        self.submilter.write_config(counters={
            "file": self.submilter.library / "limits", "redis": self.between.address, "fleet": "test",
            "secret_file": secret_file,
        })

    @staticmethod
    def settings_of(_mta):
        return {
            "domains": ["example.com"],
            "listeners": [{"name": "submission", "policy": "submission"}],
            "policies": {"submission": {"limits": {
                "mode": "enforce", "login": [f"{LIMIT} messages/hour"], "contain": [],
            }}},
        }

    def records_of(self, login):
        """Of its messages and refused commands, the earliest first."""
        return [record for record in self.submilter.records.all() if record["login"] == login and "limits" in record]

    def record_after(self, mail):
        """Hands it in; what was decided."""
        outcome = submit(self, mail)
        if outcome.accepted:
            return self.submilter.records.wait_message(outcome.queue_id)
        return self.submilter.records.wait_refusal(outcome.reply)


class Fleet:
    """with Fleet() as fleet: all run, and know of each other."""

    def __init__(self, logins):
        self.folder = Path(tempfile.mkdtemp(prefix="submilter-fleet-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.redis = Redis(self.folder / "redis", appendonly="yes", appendfsync="everysec")
        self.sites = []
        self.logins = logins
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self.redis.start()
            self.stack.callback(self.redis.stop)
            secret = secrets.token_bytes(32)
            bystanders = bystander_logins()
            for number in range(SITES):
                site = FleetSite(number, self.redis, secret, (*self.logins, *bystanders))
                self.sites.append(self.stack.enter_context(site))
            self.wait_together()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_):
        self.stack.close()

    def hosts(self):
        """{who: when it was last heard of}"""
        found = self.redis.command("ZRANGE", "{submilter:test}:hosts", 0, -1, "WITHSCORES")
        return dict(zip(found[::2], map(float, found[1::2])))

    def wait_together(self):
        """Until each host has heard of all."""
        wait_until(lambda: len(self.hosts()) == SITES, "all hosts in Redis", explain=self.said)
        newest = max(self.hosts().values())
        wait_until(lambda: min(self.hosts().values()) > newest, "all hosts to have heard of all", explain=self.said)

    def wait_settled(self, login):
        """Until all count in Redis again, what they counted alone included."""
        for site in self.sites:
            wait_until(lambda site=site: not is_alone(site.record_after(mail_of(login))),
                       f"site {site.number} to count in Redis", explain=self.said)

    def said(self):
        return "\n".join(site.submilter.server.printed()[-2000:] for site in self.sites if site.submilter.server)


class Load:
    """with Load(sites, login) as load: two sessions at each site send one message after the other."""

    def __init__(self, sites, login, sessions=2):
        self.mail = mail_of(login)
        self.login = login
        self.sites = sites
        self.ending = threading.Event()
        self.accepted = [0] * len(sites)
        self.refused = [0] * len(sites)
        self.problems = []
        self.threads = [threading.Thread(target=self._work, args=(site,)) for site in sites for _ in range(sessions)]

    @property
    def total(self):
        return sum(self.accepted)

    def _work(self, site):
        index = self.sites.index(site)
        try:
            while not self.ending.is_set():
                with contextlib.suppress(Disconnected, Refused, ConnectionError):
                    self._session(site, index)
        except Exception as problem:  # pylint: disable=broad-except
            self.problems.append(problem)

    def _session(self, site, index):
        with open_session(site, self.mail) as client:
            while not self.ending.is_set():
                self._one(client, index)

    def _one(self, client, index):
        outcome = transaction(client, self.mail)
        if outcome.accepted:
            self.accepted[index] += 1
            return
        if not outcome.reply.lines[0].startswith("4.7.1") or "limits.login" not in outcome.reply.text:
            self.problems.append(f"{outcome.stage}: {outcome.reply}")
        self.refused[index] += 1
        client.rset()
        self.ending.wait(0.05)  # as a client would; it leaves the others a processor

    def wait_total(self, count):
        wait_until(lambda: self.total >= count or self.problems, f"{count} messages", explain=str(self.__dict__))

    def wait_refused(self, more=3):
        """Until each site has refused so many from now on."""
        before = list(self.refused)
        wait_until(lambda: all(now >= then + more for now, then in zip(self.refused, before)) or self.problems,
                   "refusals at every site", explain=str(self.__dict__))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        if kind is None:
            assert not self.problems, self.problems[:5]


def bystander_logins():
    return tuple(f"other{number}@example.com" for number in range(BYSTANDERS * SITES))


class Bystanders:
    """One session at each site that has nothing to do with it all: how long do its commands take?"""

    def __init__(self, sites):
        self.sites = sites
        self.ending = threading.Event()
        self.phase = "calm"
        self.times = {}  # (phase, command) -> seconds of each
        self.problems = []
        self.threads = [threading.Thread(target=self._work, args=(site,)) for site in sites]

    def _work(self, site):
        names = bystander_logins()[site.number::SITES]
        try:
            while not self.ending.is_set():
                for login in names:
                    self._session(site, mail_of(login))
                    if self.ending.is_set():
                        return
        except Exception as problem:  # pylint: disable=broad-except
            self.problems.append(problem)

    def _session(self, site, mail):
        with open_session(site, mail) as client:
            for _ in range(15):
                self._timed("MAIL", lambda: client.mail(mail.mail_from))
                self._timed("RCPT", lambda: client.rcpt(mail.rcpts[0]))
                self._timed("RSET", client.rset)
                if self.ending.wait(0.01):
                    return
            # pylint: disable=cell-var-from-loop
            client.mail(mail.mail_from)
            client.rcpt(mail.rcpts[0])
            self._timed("END", lambda: client.data(mail.message))
            client.quit()

    def _timed(self, command, send):
        phase = self.phase
        began = time.monotonic()
        reply = send()
        self.times.setdefault((phase, command), []).append(time.monotonic() - began)
        if not reply.positive:
            self.problems.append(f"{phase}: {command}: {reply}")

    def commands(self, phase):
        """Seconds of all commands that don't wait for a disk, the shortest first."""
        return sorted(sum((list(self.times.get((phase, command), [])) for command in ("MAIL", "RCPT", "RSET")), []))

    def wait_commands(self, count):
        """Until so many were timed in this phase."""
        wait_until(lambda: len(self.commands(self.phase)) >= count or self.problems, "commands beside")

    def report(self):
        lines = []
        for phase in dict.fromkeys(phase for phase, _ in self.times):
            ends = sorted(self.times.get((phase, "END"), []))
            for name, times in (("commands", self.commands(phase)), ("end of data", ends)):
                if times:
                    lines.append(f"{phase:12} {name:12} {len(times):6}  p50 {percentile(times, 50) * 1e3:7.1f} ms  "
                                 f"p99 {percentile(times, 99) * 1e3:7.1f} ms  most {times[-1] * 1e3:7.1f} ms")
        return "\n".join(lines)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        if kind is None:
            assert not self.problems, self.problems[:5]


def percentile(ordered, percent):
    return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * percent / 100) - 1)]
