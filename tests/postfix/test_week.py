"""Fifty people's week, watched and then enforced: what replay foretells is what happens."""

import time

import pytest

from harness import postfix
from harness.guarded_site import GuardedSite
from harness.libconfig import merged
from harness.postfix import Postfix
from harness.shifted_clock import ShiftedClock
from harness.submission import submit
from harness.week_of_traffic import DAYS, LOGINS, PRINTER, week
from suite_site import OLD_TLS, REFUSING_RULES

TRUSTED = {"smtpd_authorized_xclient_hosts": "127.0.0.1"}
WEEK = DAYS * 24 * 3600


def settings(mta):
    return {
        "domains": ["example.com", "example.org"],
        "listeners": [{"name": "submission", "policy": "submission"}],
        "log": {"capture": "headers"},
    }


class WeekSite(GuardedSite):
    def __init__(self):
        services = [postfix.Service("submission", TRUSTED), postfix.Service("old-tls", {**OLD_TLS, **TRUSTED})]
        super().__init__(services, settings, Postfix)
        self.mta.logins = (*LOGINS, PRINTER)
        self.clock = ShiftedClock(self.folder)
        self.submilter.environment = self.clock.environment()
        self.submilter.senders.write_text("".join(f"{login} {login}\n" for login in (*LOGINS, PRINTER)))
        self.watch()

    def watch(self):
        observing = {rule: {"mode": "observe"} for rule in REFUSING_RULES}
        self.submilter.write_config(policies={"submission": observing})

    def live(self):
        """The week goes by. The outcomes, message by message."""
        outcomes = []
        for mail in week():
            self.clock.set(mail.moment - WEEK)
            outcomes.append(submit(self, mail.how))
        self.clock.set(0)
        return outcomes


@pytest.fixture(scope="module")
def lived():
    with WeekSite() as site:
        yield site, site.live()


def test_nothing_is_refused_while_it_is_watched(lived):
    site, outcomes = lived
    assert all(outcome.accepted for outcome in outcomes), [o for o in outcomes if not o.accepted][:3]
    records = site.submilter.records.all()
    assert len(records) == len(outcomes)
    assert {record["action"] for record in records} <= {"accept", "fix"}
    days = {record["time"][:10] for record in records}
    assert len(days) in (DAYS, DAYS + 1)
