"""Two hosts on one Redis: an admin is told once, whichever of them sees it, and where both do at the same moment."""

import os
import threading

import pytest

from counters import fleet
from harness import redis as harness_redis
from harness.milter_mta import Client, Message
from harness.waiting import PATIENCE, wait_until
from test_alerts import LIMIT, Site

pytestmark = pytest.mark.skipif(not os.path.exists(harness_redis.PROGRAM), reason="no redis-server")
SIGN = 'many_refusals: { mode = "enforce"; max_hour = 3; then = "freeze"; };'
SHARED = """\
policies: {{ submission: {{ {rules} }}; }};
counters: {{ file = "{folder}/lib/limits"; redis = "{redis}"; secret_file = "{secret}"; }};
alerts: {{ {alerts} }};
"""


class Host(Site):
    """One of a fleet; the secret lies beside Redis's folder."""

    def __init__(self, redis):
        self.redis = redis
        super().__init__(rules=SIGN)

    def configure(self, alerts):
        self.daemon.configure(SHARED.format(rules=LIMIT.format(most=self.most) + self.rules, folder=self.daemon.folder,
                                            redis=self.redis.address, secret=self.redis.folder.parent / "secret",
                                            alerts=alerts))

    def refused(self, login):
        """It says that it is somebody else."""
        player = self.gate.player(Client(login=login))
        message = Message(mail_from=f"<{login}>").with_headers(("From", " <ceo@example.com>"))
        assert not player.message(message).accepted
        player.session.close()

    def records(self, login, key):
        return [record for record in self.daemon.records() if record.get("login") == login and key in record]


class Hosts:
    """Both. Each login is another one, so that nothing is left of what was tried before."""

    def __init__(self, redis):
        self.redis, self.count = redis, 0
        self.hosts = [Host(redis) for _ in range(2)]

    def login(self, name="jo"):
        self.count += 1
        return f"{name}{self.count}@example.com"

    def log(self):
        return "".join(host.log() for host in self.hosts)

    def at_once(self, what):
        """What both do at the same moment."""
        both = threading.Barrier(len(self.hosts))

        def run(host):
            both.wait()
            what(host)
        threads = [threading.Thread(target=run, args=(host,)) for host in self.hosts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def told(self, login):
        """All alerts of it, from both: an alert of another login, told after them, says that there are no more."""
        for host in self.hosts:
            last = self.login("last")
            host.send(3, last)
            host.told.wait_for(lambda alert, last=last: alert["who"] == last, host.log)
        return [alert for host in self.hosts for alert in host.told.all() if alert["who"] == login]

    def lost_redis(self):
        """How often one was alone, as on a busy machine: then each tells by itself."""
        return self.log().count("until it is back this host") + self.log().count("until it is this host")

    def in_calm(self, rounds=50):
        """Rounds, of which one in which Redis was there all the time decides."""
        for _ in range(rounds):
            before = self.lost_redis()
            yield lambda before=before: self.lost_redis() == before


def causes(alerts):
    return [(alert["event"], alert["cause"]) for alert in alerts]


@pytest.fixture(scope="module")
def hosts():
    with fleet() as (redis, _config):
        redis.start()
        both = Hosts(redis)
        try:
            for host in both.hosts:
                host.daemon.start()
            for host in both.hosts:
                host.daemon.wait_for_log('counts for the fleet "submilter": 2 hosts', PATIENCE)
            yield both
            for host in both.hosts:
                assert host.daemon.stop() == 0, host.log()
        finally:
            for host in both.hosts:
                host.daemon.remove()


def test_a_sign_that_both_see(hosts):
    for was_calm in hosts.in_calm():
        login = hosts.login()
        for host in hosts.hosts * 2:
            host.refused(login)
        hosts.at_once(lambda host: host.refused(login))
        alerts = hosts.told(login)
        seen = sum(bool(host.records(login, "contained")) for host in hosts.hosts)
        if was_calm() and seen == 2:
            break
    assert seen == 2, "both took it to frozen"
    assert causes(alerts) == [("frozen", "many_refusals.hour")], hosts.log()


def test_a_limit_that_both_hold(hosts):
    for was_calm in hosts.in_calm():
        login = hosts.login()
        hosts.hosts[0].send(2, login)
        hosts.at_once(lambda host: host.send(3, login))
        alerts = hosts.told(login)
        if was_calm():
            break
    assert all(host.records(login, "limits")[-1]["reason"] == "login" for host in hosts.hosts)
    assert causes(alerts) == [("limited", "limits.login")], hosts.log()


def test_what_an_admin_froze(hosts):
    for was_calm in hosts.in_calm():
        login = hosts.login()
        hosts.hosts[0].ctl("login", "freeze", login, "--because", "phished")
        for host in hosts.hosts:
            wait_until(lambda: host.send(1, login) == 0, "the freeze to come into force", explain=hosts.log)
        hosts.at_once(lambda host: host.send(2, login))
        alerts = hosts.told(login)
        if was_calm():
            break
    assert [event for event, _cause in causes(alerts)] == ["held"], hosts.log()
