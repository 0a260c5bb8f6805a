"""The Redis that hosts share dies, stops, is slow, lies or is full: no message waits for it."""

import errno
import os
import shutil
import socket
import threading

import pytest

from counters import fleet
from daemon import USER
from harness.waiting import PATIENCE, wait_until
from injector import EVER
from loading import Load, at_most, in_milliseconds

LIMITS = 'policies: { submission: { limits: { login = [ "1000000 messages/hour" ]; }; }; };\n'
MESSAGES = 400
SLOW = 5  # seconds
P99 = at_most(100)  # of a whole message


class Liar:
    """Listens where Redis would, and answers what it likes, when it likes."""

    def __init__(self, path, answer, delay=0):
        path.unlink(missing_ok=True)
        self.answer, self.delay = answer, delay
        self.asked = threading.Event()
        self.over = threading.Event()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        path.chmod(0o777)
        self.socket.listen(50)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            try:
                while client.recv(65536):
                    self.asked.set()
                    if self.over.wait(self.delay):
                        return
                    client.sendall(self.answer)
            except OSError:
                pass

    def close(self):
        self.over.set()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def kill(redis):
    redis.kill()


def stop(redis):
    redis.freeze()


def fill(redis):
    """noeviction: it refuses all that takes memory."""
    redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    redis.command("CONFIG", "SET", "maxmemory", "1")


GARBAGE = {
    "bytes of no protocol": bytes(range(256)) * 20,
    "an answer without end": b"$1000000000\r\n" + b"x" * 100,
    "a list of lists": b"*1000000\r\n" * 50,
    "other types": b":-1\r\n" * 50,
    "errors": b"-ERR no\r\n" * 50,
    "nothing": b"$-1\r\n" * 50,
}


@pytest.fixture
def shared(start_daemon):
    """Redis, and a daemon that counts in it."""
    with fleet() as (redis, config):
        redis.start()
        gate = start_daemon(LIMITS, config=config)
        gate.check_signed(gate.play())
        wait_until(redis.keys, "something counted in Redis", explain=gate.daemon.log)
        yield redis, gate


def check_nobody_waits(gate, tell, what, messages=MESSAGES):
    result = Load(gate.daemon, messages, connections=8).result()
    tell(f"Redis {what}: a message takes", in_milliseconds(result))
    assert result["p99_us"] < P99, result


@pytest.mark.parametrize("harm", [kill, stop, fill], ids=lambda harm: harm.__name__)
def test_real_one(shared, tell, harm):
    redis, gate = shared
    load = Load(gate.daemon, 2 * MESSAGES, connections=8)
    harm(redis)
    assert load.result()["p99_us"] < P99, "while it happens"
    check_nobody_waits(gate, tell, {"kill": "dead", "stop": "stopped", "fill": "full"}[harm.__name__])


@pytest.mark.parametrize("what", GARBAGE)
def test_it_lies(shared, tell, what):
    redis, gate = shared
    redis.kill()
    liar = Liar(redis.socket, GARBAGE[what])
    try:
        wait_until(liar.asked.is_set, "it to be asked", explain=gate.daemon.log)
        check_nobody_waits(gate, tell, f"answers {what}")
    finally:
        liar.close()


def test_how_many_share_is_kept_as_a_whole(start_daemon):
    """Where it can't be: as it was, said once, and written when the disk works again."""
    with fleet() as (redis, config):
        redis.start()
        gate = start_daemon(LIMITS, config=config, injected=True)
        folder = gate.daemon.folder / "lib" / "limits"

        def hosts():
            file = folder / "fleet"
            return int(file.read_text().split()[1]) if file.exists() else 0

        wait_until(lambda: hosts() == 1, "one host", explain=gate.daemon.log)
        gate.injector.fail("fsync", 1, EVER, errno.EIO, path="/limits/fleet")
        start_daemon(LIMITS, config=config)
        wait_until(lambda: gate.injector.struck("fsync") >= 2, "two tries", explain=gate.daemon.log)
        assert hosts() == 1
        assert gate.daemon.log().count(f"{folder}/fleet: how many hosts share the limits cannot be written") == 1
        gate.injector.clear("fsync")
        wait_until(lambda: hosts() == 2, "two hosts", explain=gate.daemon.log)
        assert [path.name for path in folder.glob("fleet*")] == ["fleet"]


def test_the_password_cannot_be_read(start_daemon):
    """The disk is named, and not what would stand on it."""
    with fleet() as (redis, config):
        password = redis.folder.parent / "password"
        password.write_text("right\n")
        password.chmod(0o600)
        if os.getuid() == 0:
            shutil.chown(password, USER)
        redis.options["requirepass"] = "right"
        redis.start()
        gate = start_daemon(LIMITS, config=config.replace("redis =", f'redis_password_file = "{password}"; redis ='),
                            injected=True)
        wait_until(redis.keys, "the daemon in Redis", explain=gate.daemon.log)
        gate.injector.fail("read", 1, EVER, errno.EIO, path=str(password))
        redis.kill()
        redis.start()
        gate.daemon.wait_for_log(f"is not back yet: {password}: cannot be read: Input/output error", PATIENCE)
        gate.injector.clear("read")
        gate.daemon.wait_for_log("is back after", PATIENCE)


def test_it_is_slow(shared, tell):
    redis, gate = shared
    redis.kill()
    liar = Liar(redis.socket, b"+PONG\r\n", SLOW)
    try:
        wait_until(liar.asked.is_set, "it to be asked", explain=gate.daemon.log)
        check_nobody_waits(gate, tell, f"answers after {SLOW} s", 4 * MESSAGES)
    finally:
        liar.close()
