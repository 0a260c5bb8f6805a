"""A Redis that is gone, and what the log says of why it does not come back."""

import os

import pytest

from counters import fleet, send
from harness import redis as harness_redis
from harness.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(not os.path.exists(harness_redis.PROGRAM), reason="no redis-server")


@pytest.fixture
def redis_and_gate(start_daemon):
    """A daemon that counts in a Redis."""
    with fleet() as (redis, config):
        redis.start()
        gate = start_daemon(config=config)
        wait_until(redis.keys, "the daemon in Redis", explain=gate.daemon.log)
        assert send(gate).accepted
        yield redis, gate


def tries(redis):
    """How often somebody came to it, without this one's own."""
    redis.came = getattr(redis, "came", 0) + 1
    line = next(line for line in redis.command("INFO", "stats").splitlines() if "total_connections_received" in line)
    return int(line.split(":")[1]) - redis.came


def test_why_it_does_not_come_back(redis_and_gate):
    """Started anew with a password that no host knows: that it is gone was said before that."""
    redis, gate = redis_and_gate
    redis.kill()
    gate.daemon.wait_for_log("is not to be counted on", PATIENCE)
    redis.options["requirepass"] = "secret"
    redis.start()
    gate.daemon.wait_for_log(f"counters: Redis at {redis.address} is not back yet: it says: NOAUTH ", PATIENCE)
    before = tries(redis)
    wait_until(lambda: tries(redis) >= before + 2, "two tries more", explain=gate.daemon.log)
    assert gate.daemon.log().count("NOAUTH") == 1, gate.daemon.log()
    redis.command("CONFIG", "SET", "requirepass", "")
    gate.daemon.wait_for_log("is back after", PATIENCE)
    assert send(gate).accepted
