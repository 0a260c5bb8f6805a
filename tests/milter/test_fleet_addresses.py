"""Hosts that reach one Redis by different ways: its socket, IPv4 and IPv6; with a password of odd bytes."""

import os
import shutil
import socket

import pytest

from counters import fleet, send, wait_for_count
from daemon import USER
from harness import redis as harness_redis
from harness.process import free_ports
from harness.waiting import PATIENCE

pytestmark = pytest.mark.skipif(not os.path.exists(harness_redis.PROGRAM), reason="no redis-server")
ALICE = "alice@example.com"
PASSWORD = "\"p'%s $\\ {x}\t\u00e9\u20ac#"


def loopbacks():
    """Those that this machine has, as they stand in counters.redis."""
    found = ["inet:{port}@127.0.0.1"]
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::1", 0))
            found.append("inet6:{port}@::1")
    except OSError:
        pass
    return found


@pytest.fixture
def redis():
    """On a socket and on a port, with a password; and the hosts' configuration."""
    with fleet() as (made, config):
        password = made.folder.parent / "password"
        made.options.update(port=free_ports(1)[0], bind="127.0.0.1 -::1", requirepass=PASSWORD)
        password.write_bytes(PASSWORD.encode() + b"\r\nnot this\n")
        password.chmod(0o600)
        if os.getuid() == 0:
            shutil.chown(password, USER)
        made.start()
        made.config = config.replace("redis = ", f'redis_password_file = "{password}"; redis = ')
        yield made


def test_all_ways_lead_to_the_same_counts(redis, start_daemon):
    ways = [redis.address, *(way.format(port=redis.options["port"]) for way in loopbacks())]
    hosts = [start_daemon(config=redis.config.replace(redis.address, way)) for way in ways]
    for host in hosts:
        host.daemon.wait_for_log(f"{len(hosts)} hosts", PATIENCE)
        assert send(host).accepted
    for host, way in zip(hosts, ways):
        wait_for_count(host, "messages", len(hosts), ALICE)
        assert f"counters: Redis at {way} counts for the fleet" in host.daemon.log()
    peers = redis.command("CLIENT", "LIST")
    for way in ways[1:]:
        assert f"addr={way.split('@')[1]}:" in peers.replace("[", "").replace("]", ""), peers
