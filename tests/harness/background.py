"""A site that outlives the command that started it: noted in a file, ended by another command."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
from pathlib import Path

from .waiting import wait_until

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(KeyboardInterrupt):
    """One of ENDINGS came."""


def end_surely():
    """From now on ENDINGS end this process once; what cleans up then is not disturbed by more of them."""

    def end(*_):
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        raise Ended

    for number in ENDINGS:
        signal.signal(number, end)


class Note:
    """The file that tells of what is kept. Who keeps it holds a lock on the file beside it: a process id
    alone could by now be another's."""

    def __init__(self, path: Path):
        self.path = path
        self.lock_path = path.with_name(path.name + ".lock")

    def lock(self):
        """The lock as a file descriptor, or None when somebody keeps something."""
        lock = os.open(self.lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    def free(self):
        lock = self.lock()
        if lock is not None:
            os.close(lock)
        return lock is not None

    def write(self, folder, text):
        new = self.path.with_name(self.path.name + ".new")
        new.write_text(json.dumps({"pid": os.getpid(), "folder": str(folder), "text": text}))
        new.replace(self.path)

    def read(self):
        try:
            return json.loads(self.path.read_text())
        except FileNotFoundError:
            return None

    def remove(self):
        self.path.unlink(missing_ok=True)

    def stop(self):
        """End what is kept. The folder that it had, or None when nothing was kept."""
        kept = self.read()
        if kept and not self.free():
            os.kill(kept["pid"], signal.SIGTERM)
            wait_until(self.free, f"process {kept['pid']} to end")
        if kept:
            _clear(kept["folder"])
        self.remove()
        self.lock_path.unlink(missing_ok=True)
        return kept and kept["folder"]


def _clear(folder):
    """What a keeper that was killed has left: its folder, and servers, whose arguments name that folder."""

    def servers():
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                pid = int(entry.name)
                if folder.encode() in (entry / "cmdline").read_bytes() and os.getsid(pid) == pid:
                    yield pid

    def all_ended():
        return not list(servers())

    for pid in servers():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    wait_until(all_ended, f"the servers of {folder} to end")
    shutil.rmtree(folder, ignore_errors=True)


def in_background(keeper):
    """Run keeper(stands) in a process of its own. Returns as soon as that calls stands(exit code), with that
    code, or ends, with its exit code."""
    word, say = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(word)
        os.setsid()
        os._exit(_run(keeper, say))
    os.close(say)
    try:
        code = os.read(word, 1)
    except KeyboardInterrupt:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        raise
    return code[0] if code else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run(keeper, say):
    def stands(code):
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(nothing, descriptor)
        os.write(say, bytes([code]))
        os.close(say)

    try:
        with contextlib.suppress(Ended):
            keeper(stands)
            return 0
    except BaseException:  # pylint: disable=broad-except
        import traceback  # only for this

        traceback.print_exc()
    return 1
