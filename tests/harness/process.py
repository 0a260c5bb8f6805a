"""Servers of our own: started in the foreground, ended surely, also when the tests themselves die."""

import ctypes
import os
import random
import signal
import socket
import subprocess

from .waiting import PATIENCE, GaveUp, wait_until

PR_SET_CHILD_SUBREAPER = 36
# Runs a command as some supervisors and web panels do, whose children the kernel reaps by itself.
WITHOUT_SIGCHLD = ("env", "--ignore-signal=CHLD")

class Server:
    """One server process in a session of its own. What it prints goes to a file."""

    @classmethod
    def successor(cls, server, pid):
        """A process that has followed a server, and is a child of ours (adopt_orphans)."""
        follower = cls.__new__(cls)
        follower.name, follower.output, follower.process = server.name, server.output, Adopted(pid)
        return follower

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

    def kill(self):
        if isinstance(self.process, Adopted):
            self.process.kill()
        else:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, number=signal.SIGTERM):
        """End it and give its exit code; kill what does not end by itself, and call that a failure."""
        if self.running():
            self.send(number)
        try:
            return self.process.wait(PATIENCE)
        except (subprocess.TimeoutExpired, GaveUp):
            self.kill()
            raise AssertionError(f"{self.name} did not end:\n{self.printed()}") from None


def adopt_orphans(wanted):
    """Successors are nobody's children: from now on they are ours, as they are systemd's."""
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0) == 0


class Adopted:
    """What Daemon needs of subprocess.Popen, for a process that we did not start."""

    def __init__(self, pid):
        self.pid = pid
        self.returncode = None

    def poll(self):
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, seconds=PATIENCE):
        wait_until(lambda: self.poll() is not None, f"process {self.pid} to end", seconds)
        return self.returncode

    def send_signal(self, number):
        os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


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


def pending(pid, thread, kind="SigPnd"):
    """The signals that wait for one thread (ShdPnd: for the process); None where it has ended."""
    if not os.path.exists(f"/proc/{pid}/task/{thread}"):
        return None
    with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as status:
        bits = int(next(line for line in status if line.startswith(f"{kind}:")).split()[1], 16)
    return {number for number in range(1, 32) if bits >> (number - 1) & 1}


def stopped(pid):
    """Whether a process is stopped, by SIGSTOP or whoever traces it."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] in "tT"


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
