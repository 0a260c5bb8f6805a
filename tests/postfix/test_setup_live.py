"""`submilterctl setup postfix` on an instance that runs: mail goes through all the while.

Each runs in a network of its own, so that the real ports can be used.
"""

import contextlib
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.build import program
from harness.certificates import Certificates
from harness.dovecot import Dovecot
from harness.host import snapshot
from harness.network import in_own_network
from harness.postfix import Service
from harness.process import Server, run
from harness.sink import Sink
from harness.submilter import Records
from harness.submission import Submission, submit
from harness.waiting import accepts, wait_until
from setup_cases import CASES

MESSAGE = b"From: %s@example.com\r\nTo: bob@example.net\r\nSubject: x\r\nDate: Sat, 21 Nov 2026 03:00:00 +0000\r\n\r\nbody\r\n"


class LiveHost:
    """A copy of a host's configuration with its Postfix running; the daemon that setup starts is ended."""

    def __init__(self, name, service):
        self.host = CASES[name][0]()
        self.stack = contextlib.ExitStack()
        self.stack.callback(self.host.__exit__)
        self.service = service
        try:
            self._start()
        except BaseException:
            self.stack.close()
            raise

    def _start(self):
        host = self.host
        self.certificates = Certificates(host.folder / "tls")
        self.sink = Sink()
        self.stack.callback(self.sink.stop)
        self.log = host.folder / "maillog"
        settings = {
            "maillog_file": self.log, "maillog_file_prefixes": host.folder,
            "relayhost": f"[127.0.0.1]:{self.sink.port}", "smtp_dns_support_level": "disabled",
            "smtpd_peername_lookup": "no", "inet_protocols": "ipv4", "alias_maps": "",
            "smtpd_tls_cert_file": self.certificates.cert, "smtpd_tls_key_file": self.certificates.key,
            "smtpd_tls_security_level": "may", "smtpd_delay_reject": "no",
        }
        with open(host.postfix / "main.cf", "a", encoding="utf-8") as main:
            main.writelines(f"{key} = {value}\n" for key, value in settings.items())
        host.settle()
        run("/usr/sbin/postfix", "-c", host.postfix, "check")
        if "private/auth" in (host.postfix / "main.cf").read_text():
            dovecot = Dovecot(host.folder / "dovecot", host.queue / "private/auth")
            self.stack.callback(dovecot.stop)
        drop_in = host.config.parent / "conf.d"
        drop_in.mkdir(parents=True)
        self.pid_file = host.folder / "submilter.pid"
        (drop_in / "zz-test.conf").write_text(f'pid_file = "{self.pid_file}";\nlog: {{ syslog = false; }};\n')
        self.stack.callback(self.end_daemon)
        self.master = Server("postfix", ["/usr/lib/postfix/sbin/master", "-c", host.postfix, "-d"], host.folder / "output")
        self.stack.callback(self.master.stop)
        self.master.wait_ready(lambda: accepts(("127.0.0.1", self.service.port)), "listens")
        self.mta = SimpleNamespace(services={self.service.name: self.service}, knows_xclient=True)

    def end_daemon(self):
        if self.pid_file.exists():
            pid = int(self.pid_file.read_text())
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
                wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the daemon's end")

    def reloads(self):
        return self.log.read_text().count("reload -- version") if self.log.exists() else 0

    def smtpds(self):
        """The processes that serve sessions now."""
        found = set()
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                name, rest = status.read_text().rsplit(") ", 1)
                if name.endswith("(smtpd") and int(rest.split()[1]) == self.master.process.pid:
                    found.add(name)
        return found

    def setup(self, *arguments):
        before, served = self.reloads(), self.smtpds()
        plan = self.host.plan(*arguments, check=(0,))
        if any(row["kind"] == "run" and row["command"][-1] == "reload" for row in plan["changes"]):
            wait_until(lambda: self.reloads() > before, "Postfix's reload")
            # Until they have heard of it, they take a session more, with what held before.
            wait_until(lambda: not served & self.smtpds(), "the end of the old smtpds")
        return plan

    def send(self, sender="alice"):
        login = "alice@example.com" if self.service.name != "smtp" else ""
        return submit(self, Submission(self.service.name, "yes", login, mail_from=f"<{sender}@example.com>",
                                       message=MESSAGE % sender.encode()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()


LIVE = {
    "debian-submission": Service("submission", port=587),  # in a chroot
    "unchrooted": Service("submission", port=587),
    "rspamd": Service("submissions", {"smtpd_tls_wrappermode": "yes"}, port=465),
    "relay-only": Service("smtp", port=25),
}


def goes_through_all_the_while(name):
    with LiveHost(name, LIVE[name]) as live:
        host = live.host
        before = snapshot(host.postfix)
        records = Records(host.records)
        sent = live.send()
        assert sent.accepted and b"DKIM-Signature" not in live.sink.wait(sent.queue_id).data

        plan = live.setup("--yes")
        assert plan["applied"]
        sent = live.send()
        assert sent.accepted, sent.reply
        signed = b"DKIM-Signature" in live.sink.wait(sent.queue_id).data
        assert signed == CASES[name][1].signs
        record = records.wait_message(sent.queue_id)
        assert record["listener"] == ("local" if name == "relay-only" else "submission")

        assert not live.setup("--yes")["changes"]
        if name != "relay-only":
            observes_then_enforces(live, records)
        live.setup("--undo")
        assert snapshot(host.postfix) == before
        count = len(records.lines())
        sent = live.send()
        assert sent.accepted and b"DKIM-Signature" not in live.sink.wait(sent.queue_id).data
        assert len(records.lines()) == count


def observes_then_enforces(live, records):
    sent = live.send("ceo")
    assert sent.accepted, sent.reply
    verdicts = records.wait_message(sent.queue_id)["verdicts"]
    assert any(each["rule"] == "from" and each["mode"] == "observe" and each["reason"] == "not-owned"
               for each in verdicts)
    live.setup("--yes", "--enforce")
    refused = wait_until(lambda: (lambda sent: None if sent.accepted else sent)(live.send("ceo")), "a refusal")
    assert refused.reply.code in (550, 553) and "not-owned" in refused.reply.text
    assert live.send().accepted


@pytest.mark.parametrize("name", LIVE)
def test_mail_goes_through_all_the_while(name):
    in_own_network(lambda: goes_through_all_the_while(name))


def leaves_postfix_alone_when_the_daemon_does_not_start():
    with LiveHost("debian-submission", LIVE["debian-submission"]) as live:
        before = snapshot(live.host.postfix)
        (live.host.folder / "broken").write_text('#!/bin/sh\n[ "$1" = -n ] || exit 71\n')
        (live.host.folder / "broken").chmod(0o755)
        plan = live.host.plan("--yes", "--daemon", live.host.folder / "broken", check=(73,))
        assert "failed with 71" in plan["error"] and "Everything was put back" in plan["error"]
        assert snapshot(live.host.postfix) == before and not live.host.config.exists()
        assert live.send().accepted and live.reloads() == 0


def test_leaves_postfix_alone_when_the_daemon_does_not_start():
    in_own_network(leaves_postfix_alone_when_the_daemon_does_not_start)


def wants_a_running_daemon_ended():
    """One that answers already goes on with the configuration that it has, which may enforce."""
    with LiveHost("debian-submission", LIVE["debian-submission"]) as live:
        live.setup("--yes")
        live.host.config.unlink()
        plan = live.host.plan("--yes", check=(78,))
        assert "submilter runs already" in plan["error"]


def test_wants_a_running_daemon_ended():
    in_own_network(wants_a_running_daemon_ended)


def starts_no_second_daemon():
    """The one that runs has another socket; both would share configuration, records and pid file."""
    with LiveHost("debian-submission", LIVE["debian-submission"]) as live:
        host = live.host
        live.setup("--yes")
        first = live.pid_file.read_text()
        host.config.write_text(host.conf().replace("submilter/submilter.sock", "submilter/other.sock"))
        daemon = program("milter/submilter")
        plan = host.plan("--yes", check=(78,))
        assert f"runs already, as process {first.strip()}, and does not answer at " in plan["error"]
        assert f"{daemon} -t -c {host.config}" in plan["error"] and not any(row["done"] for row in plan["changes"])
        assert live.send().accepted and live.pid_file.read_text() == first
        run(daemon, "-t", "-c", host.config)
        live.setup("--yes")
        assert live.pid_file.read_text() != first and "submilter/other.sock" in host.postconf("-h", "submilter")
        sent = live.send()
        assert sent.accepted and b"DKIM-Signature" in live.sink.wait(sent.queue_id).data


def test_starts_no_second_daemon():
    in_own_network(starts_no_second_daemon)
