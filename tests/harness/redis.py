"""A real Redis of one's own: a folder and a unix socket, nothing saved, no port."""

import signal
import socket
from pathlib import Path

from .process import Server
from .waiting import wait_until

PROGRAM = "/usr/bin/redis-server"


class Redis:
    """folder: made here; its path is short enough for a socket's. options: more of redis.conf, by name."""

    def __init__(self, folder: Path, **options):
        folder.mkdir(mode=0o755)
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.options = {
            "port": "0", "unixsocket": self.socket, "unixsocketperm": "777", "dir": folder, "save": "",
            "appendonly": "no", "daemonize": "no", **options,
        }
        self.server = None

    @property
    def address(self):
        """As it stands in counters.redis."""
        return f"unix:{self.socket}"

    def start(self):
        """It answers when this returns; without what an earlier one knew."""
        words = [word for name, value in self.options.items() for word in (f"--{name}", str(value))]
        self.server = Server("redis", [PROGRAM, *words], self.folder / "output")
        self.server.wait_ready(self._answers, "answers")

    def _answers(self):
        try:
            return self.command("PING") == "PONG"
        except (OSError, RedisError):  # it reads its files first
            return False

    def kill(self):
        self.server.kill()
        self.server = None

    def freeze(self):
        """It keeps its connections and takes new ones, and says nothing more."""
        self.server.send(signal.SIGSTOP)

    def thaw(self):
        self.server.send(signal.SIGCONT)

    def stop(self):
        if self.server:
            server, self.server = self.server, None
            server.send(signal.SIGCONT)
            server.stop()

    def command(self, *words):
        """What it answers: str, int, None or a list; an error as RedisError."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(str(self.socket))
            with client.makefile("rwb") as stream:
                if "requirepass" in self.options:
                    _send(stream, ("AUTH", self.options["requirepass"]))
                    _read(stream)
                _send(stream, words)
                return _read(stream)

    def keys(self, pattern="*"):
        return sorted(self.command("KEYS", pattern))

    def wait_clients(self, count):
        """Until so many are connected, this one's own not counted."""
        wait_until(lambda: f"connected_clients:{count + 1}\r\n" in self.command("INFO", "clients"),
                   f"{count} clients of Redis")


class RedisError(Exception):
    pass


def _send(stream, words):
    stream.write(b"*%d\r\n" % len(words))
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        stream.write(b"$%d\r\n%s\r\n" % (len(data), data))
    stream.flush()


def _read(stream):
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("Redis hung up")
    kind, rest = line[:1], line[1:-2].decode()
    if kind == b"-":
        raise RedisError(rest)
    if kind == b"+":
        return rest
    if kind == b":":
        return int(rest)
    count = int(rest)
    if count < 0:
        return None
    if kind == b"*":
        return [_read(stream) for _ in range(count)]
    return stream.read(count + 2)[:-2].decode("utf-8", "backslashreplace")
