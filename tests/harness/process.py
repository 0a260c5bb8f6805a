"""Servers of our own: started in the foreground, ended surely, also when the tests themselves die."""

import os
import random
import signal
import socket
import subprocess

from .waiting import PATIENCE, wait_until


class Server:
    """One server process in a session of its own. What it prints goes to a file."""

    def __init__(self, name, command, output, env=None):
        self.name = name
        self.output = output
        with open(output, "ab") as out:
            # The kernel ends it with us, even when we are killed without a chance to clean up; but not
            # what changes its user, as Postfix and submilter do.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )

    def printed(self):
        with open(self.output, encoding="utf-8", errors="replace") as out:
            return out.read()

    def running(self):
        return self.process.poll() is None

    def wait_ready(self, ready, what):
        def look():
            assert self.running(), f"{self.name} ended at once:\n{self.printed()}"
            return ready()

        return wait_until(look, f"{self.name}: {what}", explain=self.printed)

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """End it and give its exit code; kill what does not end by itself, and call that a failure."""
        if self.running():
            self.send(number)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise AssertionError(f"{self.name} did not end:\n{self.printed()}") from None


def run(*command, data=None, check=True, env=None):
    """Run a command to its end; what it said is in the error when it fails."""
    done = subprocess.run(
        command,
        input=data,
        stdin=subprocess.DEVNULL if data is None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(env or {})},
        timeout=PATIENCE,
        check=False,
    )
    if check and done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{said}")
    return done


def free_ports(count):
    """Ports of 127.0.0.1 that nobody uses, all different; below the range that the kernel gives to
    clients, so that none of them is taken before its server has started."""
    found = []
    while len(found) < count:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe:
            if port not in found and probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
    return found
