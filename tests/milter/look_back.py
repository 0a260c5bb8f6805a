"""Asks submilterctl about the past of a daemon."""

import os
import signal
import subprocess
import tempfile

from daemon import BUILD
from harness.waiting import PATIENCE, wait_until

PROGRAM = BUILD / "ctl" / "submilterctl"


def command(daemon, *arguments):
    return [str(PROGRAM), "-c", str(daemon.config), *map(str, arguments)]


def ask(daemon, *arguments, status=0, stdin=None, environment=None):
    """What it prints on standard output; it must end with that status."""
    done = subprocess.run(command(daemon, *arguments), input=stdin, timeout=PATIENCE, env=environment, text=True,
                          stdin=None if stdin is not None else subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == status, done
    return done.stdout


def output(daemon, *arguments):
    """What it prints on standard output, whatever its status."""
    return subprocess.run(command(daemon, *arguments), stdin=subprocess.DEVNULL, timeout=PATIENCE, text=True,
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def run_as(user, daemon, *arguments, environment=None):
    """The command as another user (None: as oneself), with what it printed."""
    return subprocess.run(command(daemon, *arguments), stdin=subprocess.DEVNULL, timeout=PATIENCE, text=True,
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, user=user,
                          env=None if environment is None else {**os.environ, **environment})


def complaint(daemon, *arguments, status):
    """What it prints on standard error, where it prints nothing else."""
    done = subprocess.run(command(daemon, *arguments), stdin=subprocess.DEVNULL, timeout=PATIENCE, text=True,
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (status, ""), done
    return done.stderr


def unheard(daemon, *arguments, to=">/dev/full", status=74):
    """What it says on standard error where a shell sends its standard output there; it must end with that status."""
    done = subprocess.run(["sh", "-c", f'exec "$@" {to}', "sh", *command(daemon, *arguments)], stdin=subprocess.DEVNULL,
                          timeout=PATIENCE, text=True, check=False, stderr=subprocess.PIPE)
    assert done.returncode == status, (arguments, done)
    return done.stderr


def whole(file):
    """What is in it; the offset, which a program that writes there shares, stays where it is."""
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode()


class Running:
    """A command that goes on; what it prints is read as it comes."""

    def __init__(self, daemon, *arguments, **options):
        self.output = tempfile.TemporaryFile()
        self.errors = tempfile.TemporaryFile()
        # A shell that starts its jobs in the background makes them ignore these.
        self.process = subprocess.Popen(command(daemon, *arguments), stdout=self.output, stderr=self.errors,
                                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                                        **{"stdin": subprocess.DEVNULL, **options})

    def text(self):
        return whole(self.output)

    def said(self):
        return whole(self.errors)

    def lines(self):
        return self.text().splitlines()

    def wait_for(self, text):
        wait_until(lambda: text in self.text() or self.process.poll() is not None, f"{text!r}",
                   explain=lambda: self.text() + self.said())
        assert text in self.text(), (self.process.poll(), self.said())

    def status(self, name):
        """The kernel's word about it: proc(5), /proc/PID/status."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(line for line in status if line.startswith(name + ":")).split()[1]

    def wait_for_handler(self, number=signal.SIGINT):
        """Until it has its own way with a signal."""
        def catches():
            return int(self.status("SigCgt"), 16) >> (number - 1) & 1
        wait_until(catches, "its signal handler")

    def end(self, number):
        """Sends the signal; returns the exit status and what it said on standard error."""
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        return status, self.said()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.output.close()
        self.errors.close()
