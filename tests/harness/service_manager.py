"""What a service manager does for a service: it reads its notifications, and hands it sockets."""

import os
import select
import socket
import subprocess

from .waiting import PATIENCE


class Notifications:
    """The other end of NOTIFY_SOCKET. address: a path, or "@name" for an abstract one."""

    def __init__(self, address):
        self.address = str(address)
        self.messages = []  # (process id, {name: value}), in order
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(self.address.replace("@", "\0", 1))
        if not self.address.startswith("@"):
            os.chmod(self.address, 0o666)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def read(self, patience):
        """One more message, or False when none comes in time."""
        if not select.select([self.socket], [], [], patience)[0]:
            return False
        data, ancillary, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(12))
        process = int.from_bytes(ancillary[0][2][:4], "little")
        lines = [line.partition("=") for line in data.decode("utf-8").split("\n")]
        assert all(separator for _, separator, _ in lines), data
        self.messages.append((process, {name: value for name, _, value in lines}))
        return True

    def all(self):
        """What has come so far."""
        while self.read(0):
            pass
        return self.messages

    def wait(self, name, after=0):
        """The first message, from that number on, that has this name: its number, sender and contents."""
        at = after
        while True:
            while at < len(self.messages):
                if name in self.messages[at][1]:
                    return (at, *self.messages[at])
                at += 1
            assert self.read(PATIENCE), f"no {name} in {self.messages}"


def activated(command, sockets, names=None, **options):
    """Start a command with these listening sockets as systemd hands them over, LISTEN_PID and all."""
    passing = " ".join(f"{3 + at}<&{50 + at} {50 + at}<&-" for at in range(len(sockets)))
    script = f"exec {passing}; LISTEN_PID=$$ exec \"$@\""
    environment = {**options.pop("env", os.environ), "LISTEN_FDS": str(len(sockets))}
    if names is not None:
        environment["LISTEN_FDNAMES"] = names
    held = []
    try:
        for at, one in enumerate(sockets):
            held.append(50 + at)
            os.dup2(one.fileno(), 50 + at)
        return subprocess.Popen(["bash", "-c", script, "bash", *map(str, command)], env=environment,
                                pass_fds=held, **options)
    finally:
        for descriptor in held:
            os.close(descriptor)
