"""A site to run `submilterctl verify` against, with Postfix or Sendmail."""

import json
import os
import re

import pytest

import verify_postfix
import verify_sendmail
from harness.build import program
from harness.dns import NameServer
from harness.guarded_site import GuardedSite, plain_settings
from harness.keys import public_records
from harness.libconfig import merged
from harness.process import free_ports, run
from suite_site import MTA, REFUSING_RULES

POLICIES = {
    "observing": {"base": "submission", **{rule: {"mode": "observe"} for rule in REFUSING_RULES}},
    "old-tls": {"base": "submission", "tls": {"mode": "off"}},
    "trust-refusing": {"base": "submission", "trust_headers": {"action": "reject"}},
    "quarantining": {"base": "submission", "from": {"action": "quarantine"}},
    "plain": {"base": "submission", "message_id": {"mode": "off"}, "date": {"mode": "off"}},
    "later": {"base": "submission", "from": {"action": "tempfail"}},
}
SUBMISSION_TOO = ("cleartext-login", "no-tls", "no-login", "impatient")
KINDS = {
    "postfix": (verify_postfix.VerifyPostfix, verify_postfix.services),
    "sendmail": (verify_sendmail.VerifySendmail, verify_sendmail.services),
}


def differs(**values):
    """What holds with the MTA that the run is about: differs(postfix=..., sendmail=...)."""
    return values[MTA.name]


def only(mta, why):
    """For tests of what the other MTA does not do."""
    return pytest.mark.skipif(MTA.name != mta, reason=why)


def settings(mta):
    plain = plain_settings(mta)
    own = [{"name": name, "ports": [mta.port(name)], "policy": name} for name in POLICIES]
    submission, *others = plain["listeners"]
    ports = submission["ports"] + [mta.port(name) for name in SUBMISSION_TOO if name in mta.services]
    listeners = [*own, {**submission, "ports": ports}, *others]
    return merged(plain, {"listeners": listeners, "policies": POLICIES})


CLEAR = ["clear-login", "clear-mail"]
SENT = ["server", *CLEAR, "tls", "old-tls", "no-login", "login", "spoofed-sender", "spoofed-from",
        "two-from", "hidden-break", "accepted"]
CAME_OUT = ["from", "subject", "message-id", "date", "trust-gone", "dkim", "dkim", "dns", "dns"]
ALL = [*SENT, "arrived", *CAME_OUT]


def is_clean(outcome, checks):
    assert outcome.named("pass") == checks and outcome.named("fail") == [] and outcome.status == 0, outcome
    return True


class VerifySite(GuardedSite):
    def __init__(self):
        silent_port, self.sink_port = free_ports(2)
        mta, services = KINDS[MTA.name]
        mta = type(mta.__name__, (mta,), {"sink_port": self.sink_port})
        super().__init__(services(silent_port, POLICIES), settings, mta)
        self.password = self.folder / "password"
        self.password.write_text("secret\n")
        self.password.chmod(0o600)
        self.mail = self.mta.mail
        self.dns = self.run(NameServer(dict(public_records(self.submilter.keys))))

    def arguments(self, service, *more, address="alice@example.com"):
        """As an admin would give them; address first."""
        tls = "implicit" if self.mta.services[service].wrapper else "starttls"
        return ["verify", address, "--server", f"127.0.0.1:{self.mta.port(service)}",
                "--tls", tls, "--ca", self.certificates.ca, "--resolver", self.dns.address, *more]

    def verify(self, service="submission", *more, config=None, to="bob@sink.example.net", sink=True, **others):
        """Run it to its end."""
        place = ["--sink", str(self.sink_port)] if sink else []
        return self.ctl(*self.arguments(service, "--password-file", self.password, "--to", to, *place, *more,
                                        **others), config=config)

    def ctl(self, *arguments, config=None, data=None):
        env = {name: os.environ.get(name, "") + ":exitcode=99" for name in ("ASAN_OPTIONS", "LSAN_OPTIONS")}
        config = config or self.submilter.config
        outcome = Outcome(run(program("ctl/submilterctl"), "-c", config, *arguments, "--json", check=False,
                              data=data, env=env))
        for text in outcome.commands:
            assert f" -c {config} " in text, f"{text!r} looks at another configuration"
        return outcome


class Outcome:
    """What it said, and its exit status."""

    def __init__(self, done):
        self.status = done.returncode
        self.stderr = done.stderr.decode()
        self.object = json.loads(done.stdout) if done.stdout else {"rows": []}
        self.rows = self.object["rows"]

    @property
    def token(self):
        """By which its message is known, where it was not told where to look."""
        return re.search(r"submilterctl verify ([0-9a-f]+)-allowed", self.row("arrived")["seen"]).group(1)

    @property
    def commands(self):
        """What its rows tell to do by submilterctl, up to the next command."""
        told = "; ".join(row.get("do") or row["seen"].partition("go on with: ")[2] for row in self.rows)
        return [f" {text}" for text in told.split("submilterctl")[1:]]

    def row(self, check):
        """The one row of that name."""
        (row,) = [row for row in self.rows if row["check"] == check]
        return row

    def named(self, result):
        return [row["check"] for row in self.rows if row["result"] == result]

    def __repr__(self):
        lines = [f"{row['result']} {row['check']}: {row['seen']}" for row in self.rows]
        return "\n".join([f"status {self.status}", *lines, self.stderr])
