"""Fifty people's week, watched and then enforced: what replay foretells is what happens."""

import json

import pytest

from harness import postfix
from harness.guarded_site import GuardedSite
from harness.postfix import Postfix
from harness.shifted_clock import ShiftedClock
from harness.submission import submit
from harness.submilter import Records
from harness.waiting import wait_until
from harness.week_of_traffic import DAYS, HABITS, INJECTOR, LISTS, LOGINS, PRINTER, STOLEN, week
from suite_site import OLD_TLS, REFUSING_RULES

TRUSTED = {"smtpd_authorized_xclient_hosts": "127.0.0.1"}
WEEK = DAYS * 24 * 3600


def settings(_mta):
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
        self.submilter.settings["pid_file"] = self.submilter.logs / "pid"
        self.watch()

    def watch(self):
        """Everything is observed, nothing refused."""
        observing = {rule: {"mode": "observe"} for rule in REFUSING_RULES}
        self.submilter.write_config(policies={"submission": observing})

    def live(self, began):
        """A week goes by, which began so many seconds from now. The records of it, by message."""
        self.submilter.records = records = Records(self.submilter.records.path)
        before = len(records.lines())
        for mail in week():
            self.clock.set(began + mail.moment)
            submit(self, mail.how)
        self.clock.set(0)
        lived = records.all()[before:]
        assert len(lived) == len(week())
        newest = lived[-1]["id"]
        wait_until(lambda: newest in self.submilter.ctl("log", "--id", newest, check=False).stdout.decode(),
                   "the newest decision in the history")
        return {mail.number: record for mail, record in zip(week(), lived)}


@pytest.fixture(scope="module")
def site():
    with WeekSite() as running:
        yield running


@pytest.fixture(scope="module")
def watched(site):
    return site.live(-WEEK)


@pytest.fixture(scope="module")
def proposed(site, watched):
    """The table that the week implies."""
    path = site.folder / "proposed"
    site.submilter.ctl("propose", "senders", "--since", f"{DAYS + 1}d", "--output", path)
    return path


@pytest.fixture(scope="module")
def candidate(site, proposed):
    """All enforced, with the proposed table beside the one in force."""
    path = site.folder / "candidate.conf"
    site.submilter.write_config()
    enforced = site.submilter.config.read_text("utf-8")
    site.watch()
    table = f'"texthash:{site.submilter.senders}"'
    assert table in enforced
    path.write_text(enforced.replace(table, f'{table}, "texthash:{proposed}"'), "utf-8")
    return path


@pytest.fixture(scope="module")
def foretold(site, watched, candidate):
    """What replay says, by decision."""
    done = site.submilter.ctl("replay", "--config", candidate, "--since", f"{DAYS + 1}d", "--json", "--samples",
                              "1000", check=False)
    assert done.returncode == 1, done
    said = json.loads(done.stdout)
    assert said["decisions"] == len(watched)
    return said


def test_nothing_is_refused_while_it_is_watched(watched):
    assert {record["action"] for record in watched.values()} <= {"accept", "fix"}
    assert len({record["time"][:10] for record in watched.values()}) in (DAYS, DAYS + 1)


def rows(path):
    """The rows in force of a table."""
    lines = path.read_text("utf-8").splitlines()
    return {line.split()[0]: line.split(None, 1)[1] for line in lines if line and not line.startswith("#")}


def test_habits_are_proposed_and_theft_is_not(proposed):
    granted = rows(proposed)
    for login, address in HABITS.items():
        assert login in granted[address], address
    assert not any(STOLEN in logins for logins in granted.values())
    assert any(line.startswith("#") and STOLEN in line for line in proposed.read_text("utf-8").splitlines())
    assert set(granted) == set(HABITS.values())
    assert not set(LISTS.values()) & set(granted)


def test_observed_names_who_would_be_refused(site, watched):
    done = site.submilter.ctl("observed", "--since", f"{DAYS + 1}d", "--json", check=False)
    assert done.returncode == 1
    said = done.stdout.decode()
    for login in (*HABITS, STOLEN, INJECTOR, PRINTER, "otto@example.com"):
        assert login in said, login


def test_ready(site, watched):
    done = site.submilter.ctl("ready", "tls1.2", "--since", f"{DAYS + 1}d", "--json", check=False)
    assert done.returncode == 1
    assert PRINTER in done.stdout.decode()


def decision(record):
    """As replay words it."""
    word = record["action"]
    if record["rule"]:
        word += f" {record['rule']}.{record['reason']}"
    if record["command"]:
        word += f" at {record['command']}"
    return word


def test_what_replay_foretells_happens(site, watched, foretold, proposed):
    """Message by message, with the reason; and so says explain of each that is refused."""
    daemon = site.submilter
    table = f'"texthash:{daemon.senders}"'
    config = daemon.config.read_text("utf-8")
    daemon.config.write_text(config.replace(table, f'{table}, "texthash:{proposed}"'), "utf-8")
    daemon.ctl("enforce", *REFUSING_RULES, "--yes")
    happened = site.live(0)
    said = {sample["id"]: sample["now"] for sample in foretold["samples"] if sample["kind"] != "observed_otherwise"}
    expected = {number: said.get(record["id"], decision(record)) for number, record in watched.items()}
    assert {number: decision(record) for number, record in happened.items()} == expected
    assert len(said) == sum(decision(happened[number]) != decision(watched[number]) for number in watched)
    for record in happened.values():
        if record["reply"]:
            explained = daemon.ctl("explain", record["reply"]).stdout.decode()
            assert record["id"] in explained and record["reason"] in explained


def test_report(site, watched):
    page = site.folder / "report.html"
    site.submilter.ctl("report", "--since", f"{DAYS + 1}d", "--html", page)
    assert STOLEN in page.read_text("utf-8")
    said = site.submilter.ctl("report", "--since", f"{DAYS + 1}d").stdout
    assert STOLEN.encode() in said and b"\x1b" not in said
